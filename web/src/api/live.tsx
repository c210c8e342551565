// Live events into the caches of TanStack Query, so that every page shows what is, without asking.
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { api } from './client';
import { EventClient, webSocket, type LiveEvent, type Topic } from './events';
import { useUser } from './session';
import type { Alarm, Change, Page, Schema, Status } from './types';

type Handler = (e: LiveEvent) => void;
interface Live {
	open: boolean;
	subscribe: (topic: Topic, h: Handler) => () => void;
}
const Context = createContext<Live>({ open: false, subscribe: () => () => {} });
/** Is the line to the server open? Pages that show live figures ask by themselves while it is not. */
export const useLiveOpen = () => useContext(Context).open;
/** Hear events of one topic while the component is there. */
export function useEvents(topic: Topic, h: Handler) {
	const { subscribe } = useContext(Context);
	useEffect(() => subscribe(topic, h), [subscribe, topic, h]);
}

/** Items of a list with one replaced, added or taken away. */
export function merge<T>(list: T[], item: T, same: (a: T) => boolean, gone: boolean): T[] {
	const i = list.findIndex(same);
	if (gone) return i < 0 ? list : list.filter((_, k) => k !== i);
	if (i < 0) return [...list, item];
	return list.map((x, k) => (k === i ? { ...x, ...item } : x));
}

function patchList<T>(client: QueryClient, key: string, item: T, same: (a: T) => boolean, gone: boolean) {
	client.setQueriesData<Page<T>>({ queryKey: [key] }, (p) =>
		p && Array.isArray(p.items) ? { ...p, items: merge(p.items, item, same, gone) } : p,
	);
}

/** One event into the caches. */
export function applyEvent(client: QueryClient, e: LiveEvent) {
	switch (e.topic) {
		case 'call':
			patchList(client, 'calls', { ...e, id: e.key }, (c: { id: string }) => c.id === e.key, e['state'] === 'ended');
			if (e['state'] === 'ended') void client.invalidateQueries({ queryKey: ['cdr'] });
			break;
		case 'registration':
			void client.invalidateQueries({ queryKey: ['registrations'] });
			break;
		case 'alarm': {
			const same = (a: Alarm) => a.id === e.key;
			const alarm = { ...e, id: e.key } as unknown as Alarm;
			patchList(client, 'alarms', alarm, same, e['cleared'] === true);
			break;
		}
		case 'trunk':
			void client.invalidateQueries({ queryKey: ['trunk-status'] });
			break;
		case 'system':
			client.setQueryData<Status>(['status'], (s) => s && { ...s, ...(e as unknown as Partial<Status>) });
			break;
		case 'conference':
			void client.invalidateQueries({ queryKey: ['conference-members'] });
			break;
		case 'recording':
			void client.invalidateQueries({ queryKey: ['recordings'] });
			break;
		case 'config':
			configChanged(client, e as unknown as Pick<Change, 'items'>);
			break;
	}
}

function configChanged(client: QueryClient, c: Pick<Change, 'items'>) {
	const schema = client.getQueryData<Schema>(['schema']);
	const names = new Set((c.items ?? []).map((i) => i.resource));
	for (const r of schema?.resources ?? [])
		if (!names.size || names.has(r.name)) void client.invalidateQueries({ queryKey: ['rows', r.plural] });
	void client.invalidateQueries({ queryKey: ['history'] });
}

const topics: Topic[] = ['call', 'registration', 'trunk', 'alarm', 'config', 'conference', 'recording', 'system'];

export function LiveProvider({ children }: { children: ReactNode }) {
	const client = useQueryClient();
	const user = useUser();
	const [open, setOpen] = useState(false);
	const handlers = useMemo(() => new Map<string, Set<Handler>>(), []);
	useEffect(() => {
		// many calls change at once: the caches are written once per frame
		let pending: LiveEvent[] = [];
		let frame = 0;
		const flush = () => {
			frame = 0;
			const list = pending;
			pending = [];
			for (const e of list) {
				applyEvent(client, e);
				for (const h of handlers.get(e.topic) ?? []) h(e);
			}
		};
		const events = new EventClient(
			user.role === 'user' ? ['call', 'registration', 'recording'] : topics,
			{
				event: (e) => {
					pending.push(e);
					frame ||= requestAnimationFrame(flush);
				},
				lost: () =>
					void client.invalidateQueries({
						predicate: (q) => q.queryKey[0] !== 'session' && q.queryKey[0] !== 'schema',
					}),
				state: (is) => {
					setOpen(is);
					if (is) api.reached(true);
				},
				nobody: () => void api.get('session').catch(() => {}),
			},
			webSocket,
		);
		events.start();
		return () => {
			events.stop();
			cancelAnimationFrame(frame);
		};
	}, [client, handlers, user.role, user.name]);
	const value = useMemo<Live>(
		() => ({
			open,
			subscribe: (topic, h) => {
				const set = handlers.get(topic) ?? new Set();
				handlers.set(topic, set.add(h));
				return () => void set.delete(h);
			},
		}),
		[open, handlers],
	);
	return <Context.Provider value={value}>{children}</Context.Provider>;
}
