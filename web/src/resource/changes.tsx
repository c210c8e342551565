// Changes of the configuration: of everything (pages/history.tsx), or of one row.
import { Button, Text } from '@mantine/core';
import {
	useQueryClient,
	type UseInfiniteQueryResult,
	useInfiniteQuery,
	type InfiniteData,
} from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, part } from '@/api/client';
import { useSchema } from '@/api/hooks';
import { useMay } from '@/api/session';
import type { Change, HistoryItem, Page, Value } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { Confirm, Failed, Loading, Nothing, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { isHidden, resourceName, useSchemaText, useValueText } from './text';

export type Changes = UseInfiniteQueryResult<InfiniteData<Page<Change>>>;

export function useChanges(of: { resource?: string; key?: string } = {}, limit = 30): Changes {
	return useInfiniteQuery({
		queryKey: ['history', of, limit],
		queryFn: ({ pageParam, signal }) =>
			api.get<Page<Change>>('config/history', { query: { limit, before: pageParam, ...of }, signal }),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
	});
}

function useFieldText() {
	const { t } = useI18n();
	const schema = useSchema().data;
	const text = useSchemaText();
	const value = useValueText();
	return {
		resource: (i: HistoryItem) => {
			const r = schema?.resources.find((x) => x.name === i.resource);
			return r ? resourceName(text, r, 1) : i.resource;
		},
		/** A table of one row: it is there, whatever happens to it. */
		only: (i: HistoryItem) => Boolean(schema?.resources.find((x) => x.name === i.resource)?.only),
		/** What it was and is now is told to nobody. */
		hidden: (i: HistoryItem, name: string) => {
			const f = schema?.resources.find((x) => x.name === i.resource)?.fields.find((x) => x.name === name);
			return f !== undefined && isHidden(f);
		},
		path: (i: HistoryItem) => {
			const r = schema?.resources.find((x) => x.name === i.resource);
			return r && i.op !== 'delete' ? (r.only ? `/${r.plural}` : `/${r.plural}/${part(i.key)}`) : undefined;
		},
		field: (i: HistoryItem, name: string) => {
			const r = schema?.resources.find((x) => x.name === i.resource);
			const f = r?.fields.find((x) => x.name === name);
			return r && f ? text.label(r, f) : name;
		},
		value: (i: HistoryItem, name: string, v: Value) => {
			const r = schema?.resources.find((x) => x.name === i.resource);
			const f = r?.fields.find((x) => x.name === name);
			if (v === null || v === '') return t('hist.empty');
			if (!r || !f) return String(v);
			return isHidden(f) ? t('hist.secret') : value(r, f, v) || t('hist.empty');
		},
	};
}

function Diff({ item }: { item: HistoryItem }) {
	const { t } = useI18n();
	const names = useFieldText();
	const entries = Object.entries(item.diff ?? {}).filter(
		([, [a, b]]) => item.op === 'update' || !((a ?? '') === '' && (b ?? '') === ''),
	);
	return (
		<dl className="diff">
			{entries.map(([n, [a, b]]) => (
				<div key={n} style={{ display: 'contents' }}>
					<dt>{names.field(item, n)}</dt>
					<dd>
						{names.hidden(item, n) ? t('hist.secret') : null}
						{!names.hidden(item, n) && item.op !== 'create' && <del>{names.value(item, n, a)}</del>}
						{!names.hidden(item, n) && item.op === 'update' && ' → '}
						{!names.hidden(item, n) && item.op !== 'delete' && <ins>{names.value(item, n, b)}</ins>}
					</dd>
				</div>
			))}
		</dl>
	);
}

export function ChangeList({ q, of, empty }: { q: Changes; of?: { resource: string; key: string }; empty: string }) {
	const { t, when, date } = useI18n();
	const names = useFieldText();
	const may = useMay();
	const client = useQueryClient();
	const toast = useToast();
	const say = useErrorText();
	const [asking, setAsking] = useState<Change | null>(null);
	const [busy, setBusy] = useState(false);
	const [open, setOpen] = useState<Set<number>>(new Set());
	if (q.isPending) return <Loading height={120} />;
	if (q.isError) return <Failed error={q.error} retry={() => void q.refetch()} />;
	const list = q.data.pages.flatMap((p) => p.items);
	if (!list.length)
		return of ? (
			<Text size="sm" c="dimmed" p={20}>
				{empty}
			</Text>
		) : (
			<Nothing icon="history" title={empty} />
		);
	const undo = async (c: Change) => {
		setBusy(true);
		try {
			await api.post(`config/undo/${c.id}`);
			toast(t('hist.undone', { id: c.id }));
			void client.invalidateQueries({ queryKey: ['rows'] });
			void client.invalidateQueries({ queryKey: ['history'] });
			setAsking(null);
		} catch (e) {
			toast(say(e));
		} finally {
			setBusy(false);
		}
	};
	const toggle = (id: number) =>
		setOpen((o) => {
			const n = new Set(o);
			if (!n.delete(id)) n.add(id);
			return n;
		});
	return (
		<>
			<ol style={{ listStyle: 'none', margin: 0, padding: 0 }}>
				{list.map((c) => {
					const items = of ? c.items.filter((i) => i.resource === of.resource && i.key === of.key) : c.items;
					const shown = open.has(c.id);
					return (
						<li key={c.id} style={{ padding: '13px 20px', borderTop: '1px solid var(--line)' }}>
							<div style={{ display: 'flex', gap: 12, alignItems: 'flex-start' }}>
								<div style={{ flex: 1, minWidth: 0 }}>
									<Text size="sm" fw={550} style={{ overflowWrap: 'anywhere' }}>
										{items.length === 1 && items[0] ? (
											<>
												{names.resource(items[0])}{' '}
												{names.only(items[0]) ? null : names.path(items[0]) && !of ? (
													<Link href={names.path(items[0])!} className="quiet-link">
														{items[0].key}
													</Link>
												) : (
													items[0].key
												)}{' '}
												{t(names.only(items[0]) ? 'hist.update' : `hist.${items[0].op}`)}
											</>
										) : (
											c.text
										)}
									</Text>
									<Text size="xs" c="dimmed" mt={1}>
										<time dateTime={new Date(c.at_ms).toISOString()} title={date(c.at_ms)}>
											{when(c.at_ms)}
										</time>
										{' · '}
										{c.author}
										{c.undoes ? ` · ${t('hist.undoes', { id: c.undoes })}` : ''}
										{c.undone_by ? ` · ${t('hist.undoneBy', { id: c.undone_by })}` : ''}
									</Text>
									{items.length === 1 && items[0]!.op === 'update' && <Diff item={items[0]!} />}
									{shown &&
										!(items.length === 1 && items[0]!.op === 'update') &&
										items.slice(0, 100).map((i) => (
											<div key={`${i.resource}/${i.key}`} style={{ marginTop: 8 }}>
												{items.length > 1 && (
													<Text size="sm">
														{names.resource(i)} {names.only(i) ? '' : i.key} {t(`hist.${i.op}`)}
													</Text>
												)}
												<Diff item={i} />
											</div>
										))}
								</div>
								{!(items.length === 1 && items[0]!.op === 'update') && (
									<Button
										variant="subtle"
										color="gray"
										size="compact-sm"
										aria-expanded={shown}
										onClick={() => toggle(c.id)}
									>
										<Icon name={shown ? 'up' : 'down'} size={16} />
										<span className="visually-hidden">{t('more')}</span>
									</Button>
								)}
								{may('administrator') && !c.undone_by && (
									<Button variant="default" size="compact-sm" onClick={() => setAsking(c)}>
										{t('hist.undo')}
									</Button>
								)}
							</div>
						</li>
					);
				})}
			</ol>
			{q.hasNextPage && (
				<div style={{ padding: 12, borderTop: '1px solid var(--line)', textAlign: 'center' }}>
					<Button variant="subtle" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>
						{t('hist.older')}
					</Button>
				</div>
			)}
			<Confirm
				opened={asking !== null}
				title={t('hist.undoTitle')}
				action={t('hist.undo')}
				busy={busy}
				onConfirm={() => asking && void undo(asking)}
				onClose={() => setAsking(null)}
			>
				<Text size="sm" fw={550} mb={6}>
					{asking?.text}
				</Text>
				{t('hist.undoText')}
			</Confirm>
		</>
	);
}
