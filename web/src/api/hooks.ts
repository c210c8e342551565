// What several pages ask for.
import { skipToken, useQuery } from '@tanstack/react-query';
import { api } from './client';
import { useLiveOpen } from './live';
import type { Alarm, Call, Page, Registration, Schema, SchemaResource, Status, System, TrunkStatus } from './types';

export function useSchema() {
	return useQuery({
		queryKey: ['schema'],
		queryFn: () => api.get<Schema>('schema'),
		staleTime: Infinity,
		gcTime: Infinity,
	});
}
export function useResource(plural: string): SchemaResource | undefined {
	return useSchema().data?.resources.find((r) => r.plural === plural);
}

/** While the live line is down, ask every few seconds instead. */
function useFallback(seconds: number): number | false {
	return useLiveOpen() ? false : seconds * 1000;
}
export function useStatus() {
	const refetchInterval = useFallback(5);
	return useQuery({ queryKey: ['status'], queryFn: () => api.get<Status>('status'), refetchInterval });
}
export function useAlarms(enabled = true) {
	const refetchInterval = useFallback(15);
	return useQuery({ queryKey: ['alarms'], queryFn: () => api.get<Page<Alarm>>('alarms'), refetchInterval, enabled });
}
async function liveCalls(): Promise<Page<Call>> {
	const p = await api.get<Page<Call>>('calls', { query: { limit: 1000 } });
	const seen_ms = Date.now();
	return { ...p, items: p.items.map((c) => ({ ...c, seen_ms })) };
}
export function useCalls() {
	const refetchInterval = useFallback(3);
	return useQuery({ queryKey: ['calls'], queryFn: liveCalls, refetchInterval });
}
export function useRegistrations(enabled = true) {
	const refetchInterval = useFallback(10);
	return useQuery({
		queryKey: ['registrations'],
		queryFn: () => api.get<Page<Registration>>('registrations'),
		refetchInterval,
		enabled,
	});
}
export function useTrunkStatus(enabled = true) {
	const refetchInterval = useFallback(10);
	return useQuery({
		queryKey: ['trunk-status'],
		queryFn: () => api.get<Page<TrunkStatus>>('trunk-status'),
		refetchInterval,
		enabled,
	});
}
/** Load, memory, disk: comes with live events only. */
export function useSystem(): System | undefined {
	return useQuery<System>({ queryKey: ['system'], queryFn: skipToken, staleTime: Infinity }).data;
}
