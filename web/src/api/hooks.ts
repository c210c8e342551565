// What several pages ask for.
import { useQuery } from '@tanstack/react-query';
import { api } from './client';
import { useLiveOpen } from './live';
import type { Alarm, Call, Page, Registration, Schema, SchemaResource, Status } from './types';

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
export function useCalls() {
	const refetchInterval = useFallback(3);
	return useQuery({ queryKey: ['calls'], queryFn: () => api.get<Page<Call>>('calls'), refetchInterval });
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
