// Live events into the caches of TanStack Query, so that every page shows what is, without asking.
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { api } from './client';
import { EventClient, webSocket, type LiveEvent, type Topic } from './events';
import { useUser } from './session';
import type { Alarm, Call, CallLeg, Change, Member, Page, Schema, Status } from './types';

type Handler = (e: LiveEvent) => void;
interface Live {
	open: boolean;
	subscribe: (topic: Topic, h: Handler) => () => void;
	/** Ask for a topic that the page does not always need; ends with what it returns. */
	want: (topic: Topic) => () => void;
}
const Context = createContext<Live>({ open: false, subscribe: () => () => {}, want: () => () => {} });
/** Is the line to the server open? Pages that show live figures ask by themselves while it is not. */
export const useLiveOpen = () => useContext(Context).open;
/** Hear events of one topic while the component is there. */
export function useEvents(topic: Topic, h: Handler) {
	const { subscribe } = useContext(Context);
	useEffect(() => subscribe(topic, h), [subscribe, topic, h]);
}

/** How calls sound, each second, while the component is there. */
export function useQualityEvents() {
	const { want } = useContext(Context);
	useEffect(() => want('quality'), [want]);
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

/** Figures of the sound that events of "quality" bring, of all calls in one go: by leg, as `calls` has them. */
function patchQuality(client: QueryClient, list: LiveEvent[]) {
	const news = new Map(list.map((e) => [e.key, (e.data['legs'] ?? []) as Partial<CallLeg>[]]));
	const better = (c: Call, legs: Partial<CallLeg>[]): Call => ({
		...c,
		legs: c.legs.map((l) => {
			const q = legs.find((x) => x.outgoing === l.outgoing && (x.number === l.number || !x.number));
			return q ? { ...l, ...q, number: l.number } : l;
		}),
	});
	client.setQueriesData<Page<Call>>({ queryKey: ['calls'] }, (p) =>
		p && Array.isArray(p.items)
			? { ...p, items: p.items.map((c) => (news.has(c.id) ? better(c, news.get(c.id)!) : c)) }
			: p,
	);
}

/** Somebody in a conference speaks, is muted, comes or goes. */
function patchMembers(client: QueryClient, m: Member) {
	const same = (a: Member) => a.id === m.id && a.conference === m.conference;
	let known = false;
	for (const q of client.getQueryCache().findAll({ queryKey: ['conference-members', m.conference] })) {
		const page = q.state.data as Page<Member> | undefined;
		if (!page) continue;
		known ||= page.items.some(same);
		client.setQueryData<Page<Member>>(q.queryKey, { ...page, items: merge(page.items, m, same, m.gone === true) });
	}
	// how many there are stands in the list
	if (!known || m.gone) void client.invalidateQueries({ queryKey: ['rows', 'conferences', 'list'] });
}

/** One event into the caches. */
export function applyEvent(client: QueryClient, e: LiveEvent) {
	const d = e.data;
	switch (e.topic) {
		case 'call': {
			const call = { ...d, id: e.key, seen_ms: Date.now() } as unknown as Call;
			patchList(client, 'calls', call, (c: Call) => c.id === e.key, d['state'] === 'ended');
			if (d['state'] === 'ended') void client.invalidateQueries({ queryKey: ['cdr'] });
			break;
		}
		case 'registration':
			void client.invalidateQueries({ queryKey: ['registrations'] });
			break;
		case 'alarm': {
			const same = (a: Alarm) => a.id === e.key;
			patchList(client, 'alarms', { ...d, id: e.key } as unknown as Alarm, same, d['cleared'] === true);
			break;
		}
		case 'trunk':
			void client.invalidateQueries({ queryKey: ['trunk-status'] });
			break;
		case 'system': {
			const { alarms: _, ...figures } = d;
			client.setQueryData<Status>(['status'], (s) => s && { ...s, ...(figures as Partial<Status>) });
			client.setQueryData(['system'], { ...d, at_ms: e.at_ms });
			break;
		}
		case 'conference':
			patchMembers(client, d as unknown as Member);
			break;
		case 'recording':
			void client.invalidateQueries({ queryKey: ['recordings'] });
			break;
		case 'config':
			configChanged(client, d as unknown as Pick<Change, 'items'>);
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
	const wanted = useMemo(() => new Map<Topic, number>(), []);
	const line = useRef<{ client: EventClient; base: Topic[] } | null>(null);
	const ask = useCallback(
		() => line.current?.client.want([...line.current.base, ...[...wanted].flatMap(([t, n]) => (n ? [t] : []))]),
		[wanted],
	);
	useEffect(() => {
		// many calls change at once: the caches are written once per frame
		let pending: LiveEvent[] = [];
		let frame = 0;
		const flush = () => {
			frame = 0;
			const list = pending;
			pending = [];
			const heard = list.filter((e) => e.topic === 'quality');
			if (heard.length) patchQuality(client, heard);
			for (const e of list) {
				applyEvent(client, e);
				for (const h of handlers.get(e.topic) ?? []) h(e);
			}
		};
		const base: Topic[] = user.role === 'user' ? ['call', 'registration', 'recording'] : topics;
		const events = new EventClient(
			base,
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
		line.current = { client: events, base };
		ask();
		events.start();
		return () => {
			line.current = null;
			events.stop();
			cancelAnimationFrame(frame);
		};
	}, [client, handlers, ask, user.role, user.name]);
	const value = useMemo<Live>(
		() => ({
			open,
			subscribe: (topic, h) => {
				const set = handlers.get(topic) ?? new Set();
				handlers.set(topic, set.add(h));
				return () => void set.delete(h);
			},
			want: (topic) => {
				const more = (n: number) => {
					wanted.set(topic, (wanted.get(topic) ?? 0) + n);
					ask();
				};
				more(1);
				return () => more(-1);
			},
		}),
		[open, handlers, wanted, ask],
	);
	return <Context.Provider value={value}>{children}</Context.Provider>;
}
