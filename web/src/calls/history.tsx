// Call records, the newest first, page after page as one scrolls: each begins after the last row of the one before.
import { Button, Loader, Paper, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback, useMediaQuery } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { api, part, type Answer } from '@/api/client';
import { useEvents } from '@/api/live';
import type { LiveEvent } from '@/api/events';
import type { Cdr, Page } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { Failed, Loading, Nothing, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { Outcome, outcomeKey, outcomes, Who } from './outcome';

/** What stands in the search field: digits are a number, all else a caller's name. */
export function searched(q: string): { number?: string; name?: string } {
	const text = q.trim();
	if (!text) return {};
	const digits = text.replace(/[\s()/.-]/g, '');
	return /^[+*#\d]+$/.test(digits) ? { number: digits } : { name: text };
}
/** The end of a day that was chosen as the last one: the API takes the moment itself. */
export function dayEnd(day: string): string {
	return day && `${day}T23:59:59`;
}

const limit = 50;

export function CallHistory() {
	const { t } = useI18n();
	const [params, setParams] = useSearchParams();
	const get = (k: string) => params.get(k) ?? '';
	const [q, outcome, since, until] = [get('q'), get('outcome'), get('since'), get('until')];
	const query = { ...searched(q), outcome, since, until: dayEnd(until) };
	const filtered = Boolean(q || outcome || since || until);
	const change = (set: Record<string, string>) =>
		setParams(
			(old) => {
				const n = new URLSearchParams(old);
				for (const [k, v] of Object.entries(set)) v ? n.set(k, v) : n.delete(k);
				return n;
			},
			{ replace: true },
		);
	const client = useQueryClient();
	const key = ['cdr-list', query];
	const list = useInfiniteQuery({
		queryKey: key,
		queryFn: ({ pageParam, signal }) =>
			api.get<Page<Cdr>>('cdr', { query: { ...query, limit, before: pageParam }, signal }),
		initialPageParam: '',
		getNextPageParam: (p) => p.next ?? undefined,
		placeholderData: keepPreviousData,
	});
	const items = list.data?.pages.flatMap((p) => p.items) ?? [];

	// calls that end: the first page is read again; who has scrolled down is not disturbed, but told
	const [newer, setNewer] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const pages = useRef(1);
	pages.current = list.data?.pages.length ?? 1;
	useEffect(() => () => clearTimeout(timer.current), []);
	useEvents(
		'call',
		useCallback(
			(e: LiveEvent) => {
				if (e.data['state'] !== 'ended' || timer.current) return;
				timer.current = setTimeout(() => {
					timer.current = undefined;
					if (pages.current > 1) setNewer(true);
					else void client.invalidateQueries({ queryKey: ['cdr-list'] });
				}, 1500);
			},
			[client],
		),
	);
	const showNewer = () => {
		setNewer(false);
		client.removeQueries({ queryKey: ['cdr-list'], type: 'inactive' });
		void client.resetQueries({ queryKey: key });
	};

	return (
		<Paper component="section" aria-label={t('cdr.title')} style={{ overflow: 'hidden' }}>
			<div className="section-head row">
				<h2>{t('cdr.title')}</h2>
				<Export query={query} disabled={!items.length} />
			</div>
			<Tools
				q={q}
				outcome={outcome}
				since={since}
				until={until}
				filtered={filtered}
				busy={list.isFetching && !list.isFetchingNextPage}
				onChange={change}
			/>
			{newer && (
				<div style={{ padding: 10, textAlign: 'center', borderBottom: '1px solid var(--line)' }}>
					<Button size="xs" variant="light" leftSection={<Icon name="up" size={15} />} onClick={showNewer}>
						{t('cdr.newer')}
					</Button>
				</div>
			)}
			{list.isPending ? (
				<Loading />
			) : list.isError && !list.data ? (
				<Failed error={list.error} retry={() => void list.refetch()} />
			) : !items.length ? (
				filtered ? (
					<Nothing icon="search" title={t('list.noMatch')} text={t('cdr.noMatchText')} />
				) : (
					<Nothing icon="history" title={t('cdr.none')} text={t('cdr.noneText')} />
				)
			) : (
				<>
					<Records items={items} />
					<More
						more={list.hasNextPage}
						busy={list.isFetchingNextPage}
						failed={list.isFetchNextPageError}
						load={() => void list.fetchNextPage()}
					/>
				</>
			)}
		</Paper>
	);
}

interface ToolsProps {
	q: string;
	outcome: string;
	since: string;
	until: string;
	filtered: boolean;
	busy: boolean;
	onChange: (set: Record<string, string>) => void;
}

function Tools(p: ToolsProps) {
	const { t } = useI18n();
	const [typed, setTyped] = useState(p.q);
	const search = useDebouncedCallback((q: string) => p.onChange({ q: q.trim() }), 300);
	useEffect(() => setTyped(p.q), [p.q]);
	return (
		<div className="tools">
			<TextInput
				type="search"
				label={t('list.search')}
				placeholder={t('cdr.search')}
				leftSection={<Icon name="search" size={16} />}
				rightSection={p.busy ? <Loader size={14} aria-label={t('list.refreshing')} /> : null}
				style={{ flex: '2 1 200px' }}
				value={typed}
				onChange={(e) => {
					setTyped(e.currentTarget.value);
					search(e.currentTarget.value);
				}}
			/>
			<Select
				label={t('cdr.outcome')}
				placeholder={t('list.any')}
				clearable
				clearButtonProps={{ 'aria-label': t('list.clear') }}
				style={{ flex: '1 1 150px' }}
				data={outcomes.map((o) => ({ value: o, label: t(outcomeKey(o)!) }))}
				value={p.outcome || null}
				onChange={(v) => p.onChange({ outcome: v ?? '' })}
			/>
			<TextInput
				type="date"
				label={t('cdr.since')}
				style={{ flex: '1 1 140px' }}
				max={p.until || undefined}
				value={p.since}
				onChange={(e) => p.onChange({ since: e.currentTarget.value })}
			/>
			<TextInput
				type="date"
				label={t('cdr.until')}
				style={{ flex: '1 1 140px' }}
				min={p.since || undefined}
				value={p.until}
				onChange={(e) => p.onChange({ until: e.currentTarget.value })}
			/>
			{p.filtered && (
				<Button variant="subtle" onClick={() => p.onChange({ q: '', outcome: '', since: '', until: '' })}>
					{t('list.clear')}
				</Button>
			)}
		</div>
	);
}

function Records({ items }: { items: Cdr[] }) {
	const { t, clock, date, when } = useI18n();
	const [, go] = useLocation();
	const small = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
	const talk = (c: Cdr) => (c.talk_ms ? clock(c.talk_ms / 1000) : '—');
	if (small)
		return (
			<ul className="cards">
				{items.map((c) => (
					<li key={c.id}>
						<Link href={`/calls/${part(c.id)}`}>
							<span>
								<span className="one-line">
									<Who number={c.from} name={c.from_name} /> → <Who number={c.to} />
								</span>
								<small>
									<Outcome cdr={c} /> · {when(c.start_ms)}
								</small>
							</span>
							<span className="num">{talk(c)}</span>
						</Link>
					</li>
				))}
			</ul>
		);
	return (
		<div className="table-wrap" tabIndex={0} role="region" aria-label={t('cdr.title')}>
			<table className="table">
				<thead>
					<tr>
						<th scope="col">{t('cdr.when')}</th>
						<th scope="col">{t('cdr.from')}</th>
						<th scope="col">{t('cdr.to')}</th>
						<th scope="col">{t('cdr.outcome')}</th>
						<th scope="col" data-right>
							{t('cdr.talk')}
						</th>
					</tr>
				</thead>
				<tbody>
					{items.map((c) => (
						<tr
							key={c.id}
							data-link
							onClick={(e) => {
								if (!(e.target as HTMLElement).closest('a') && !window.getSelection()?.toString())
									go(`/calls/${part(c.id)}`);
							}}
						>
							<td className="num">
								<Link href={`/calls/${part(c.id)}`}>
									{date(c.start_ms, {
										day: 'numeric',
										month: 'short',
										hour: '2-digit',
										minute: '2-digit',
										second: '2-digit',
									})}
								</Link>
							</td>
							<td>
								<Who number={c.from} name={c.from_name} />
							</td>
							<td>
								<Who number={c.to} />
								{c.answered_by && c.answered_by !== c.to && (
									<span className="quiet"> {t('cdr.answeredBy', { who: c.answered_by })}</span>
								)}
							</td>
							<td title={c.reason}>
								<Outcome cdr={c} />
							</td>
							<td data-right className="num">
								{talk(c)}
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** The end of the list: the next page is asked for when it comes into sight; the button is for all else. */
function More({ more, busy, failed, load }: { more: boolean; busy: boolean; failed: boolean; load: () => void }) {
	const { t } = useI18n();
	const ref = useRef<HTMLDivElement>(null);
	const act = useRef(load);
	act.current = load;
	useEffect(() => {
		const el = ref.current;
		if (!el || !more || busy || failed) return;
		const seen = new IntersectionObserver((l) => l.some((x) => x.isIntersecting) && act.current(), {
			rootMargin: '600px',
		});
		seen.observe(el);
		return () => seen.disconnect();
	}, [more, busy, failed]);
	return (
		<div ref={ref} className="list-foot">
			{more ? (
				<Button size="xs" variant="default" loading={busy} onClick={load}>
					{failed ? t('retry') : t('cdr.older')}
				</Button>
			) : (
				t('cdr.end')
			)}
		</div>
	);
}

const exportPages = 100;

/** All that matches, as one file: the API gives 10,000 rows at a time and where the next ones are. */
function Export({ query, disabled }: { query: Record<string, string>; disabled: boolean }) {
	const { t, number } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const [rows, setRows] = useState<number | null>(null);
	const save = async () => {
		setRows(0);
		try {
			const parts: string[] = ['\ufeff'];
			let path: string | null = 'cdr';
			let q: Record<string, string> | undefined = query;
			let n = 0;
			for (let i = 0; path && i < exportPages; i++) {
				const a: Answer<string> = await api.request<string>('GET', path, {
					accept: 'text/csv',
					...(q ? { query: q } : {}),
				});
				parts.push(a.data);
				n += a.data.split('\n').length - 1;
				setRows(n);
				const next: string | undefined = /<(?:[^>]*\/api\/v1\/)?([^>]+)>;\s*rel="?next"?/.exec(
					a.headers.get('link') ?? '',
				)?.[1];
				path = next ?? null;
				q = undefined;
			}
			const a = document.createElement('a');
			a.href = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }));
			a.download = 'calls.csv';
			a.click();
			setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
			if (path) toast(t('cdr.exportCut', { n: number(n) }));
		} catch (e) {
			toast(say(e));
		}
		setRows(null);
	};
	return (
		<Button
			size="xs"
			variant="default"
			disabled={disabled || rows !== null}
			leftSection={<Icon name="download" size={15} />}
			onClick={() => void save()}
		>
			{rows ? t('cdr.exporting', { n: number(rows) }) : t('list.export')}
		</Button>
	);
}
