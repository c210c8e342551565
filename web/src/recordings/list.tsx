// Recordings one below the other, newest first; each opens into its player. More come as one scrolls.
import '@/system.css';
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useState, type ReactNode } from 'react';
import { api, part } from '@/api/client';
import { useMay } from '@/api/session';
import type { Page } from '@/api/types';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { Confirm, Failed, Loading, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';
import { Player } from './player';
import type { Recording } from './types';

export type RecordingPath = 'recordings' | 'me/recordings';

export function RecordingList(p: {
	path: RecordingPath;
	query?: Record<string, string | number | undefined>;
	empty: ReactNode;
	/** How many at once. */
	limit?: number;
}) {
	const { t } = useI18n();
	const q = useInfiniteQuery({
		queryKey: ['recordings', p.path, p.query],
		queryFn: ({ pageParam, signal }) =>
			api.get<Page<Recording>>(p.path, { query: { limit: p.limit ?? 50, before: pageParam, ...p.query }, signal }),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.next,
	});
	const { ref, entry } = useIntersection({ rootMargin: '300px' });
	const { hasNextPage, isFetchingNextPage, fetchNextPage } = q;
	useEffect(() => {
		if (entry?.isIntersecting && hasNextPage && !isFetchingNextPage) void fetchNextPage();
	}, [entry?.isIntersecting, hasNextPage, isFetchingNextPage, fetchNextPage]);
	if (q.isPending) return <Loading height={160} />;
	if (q.isError && !q.data) return <Failed error={q.error} retry={() => void q.refetch()} />;
	const list = q.data.pages.flatMap((x) => x.items);
	if (!list.length) return p.empty;
	return (
		<>
			<ul className="rec-list">
				{list.map((r) => (
					<RecordingRow key={r.id} r={r} path={p.path} />
				))}
			</ul>
			{hasNextPage && (
				<div ref={ref} style={{ padding: 12, textAlign: 'center', borderTop: '1px solid var(--line)' }}>
					<Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
						{t('hist.older')}
					</Button>
				</div>
			)}
		</>
	);
}

export function RecordingRow(p: { r: Recording; path: RecordingPath; open?: boolean; onRemoved?: () => void }) {
	const { r } = p;
	const { t, clock, date, when, bytes } = useI18n();
	const may = useMay();
	const id = useId();
	const [open, setOpen] = useState(p.open ?? false);
	const own = p.path === 'me/recordings';
	const hears = (own || may('manager')) && r.state !== 'recording';
	const who = r.call ? t('rec.who', { from: r.from, to: r.to }) : t('rec.conference', { number: r.to || r.from });
	const path = `${p.path}/${part(r.id)}/sound`;
	return (
		<li className="rec">
			<div className="rec-head">
				{hears && (
					<Tooltip label={t(open ? 'rec.hide' : 'rec.listen')}>
						<ActionIcon
							variant="light"
							size={38}
							radius="xl"
							aria-expanded={open}
							aria-controls={id}
							aria-label={`${t(open ? 'rec.hide' : 'rec.listen')}: ${who}, ${date(r.start_ms)}`}
							onClick={() => setOpen(!open)}
						>
							<Icon name={open ? 'up' : 'play'} size={18} />
						</ActionIcon>
					</Tooltip>
				)}
				<span className="grow">
					<b>{who}</b>
					<small>
						<time dateTime={new Date(r.start_ms).toISOString()} title={date(r.start_ms)}>
							{when(r.start_ms)}
						</time>
						{r.state === 'recording' ? '' : ` · ${bytes(r.bytes)}`}
						{r.paused_ms > 0 ? ` · ${t('rec.paused', { time: clock(r.paused_ms / 1000) })}` : ''}
						{r.lost > 0 ? ` · ${t('rec.lost')}` : ''}
					</small>
				</span>
				{r.state === 'recording' ? (
					<State tone="bad">{t('rec.now')}</State>
				) : r.state === 'complete' ? (
					<span className="num" style={{ flex: 'none' }}>
						{clock(r.ms / 1000)}
					</span>
				) : (
					<State tone="warn">{t(`rec.${r.state}`)}</State>
				)}
			</div>
			{open && hears && (
				<>
					<div id={id}>
						<Player path={path} ms={r.ms} label={who} {...(r.call ? { sides: [r.from, r.to] as const } : {})} />
					</div>
					<div className="rec-foot">
						<Button
							component="a"
							variant="default"
							size="xs"
							href={`/api/v1/${path}?download=1`}
							download
							leftSection={<Icon name="download" size={15} />}
						>
							{t('rec.download')}
						</Button>
						{!own && may('manager') && <Remove r={r} who={who} {...(p.onRemoved ? { onRemoved: p.onRemoved } : {})} />}
					</div>
				</>
			)}
		</li>
	);
}

function Remove({ r, who, onRemoved }: { r: Recording; who: string; onRemoved?: () => void }) {
	const { t, date } = useI18n();
	const toast = useToast();
	const say = useErrorText();
	const client = useQueryClient();
	const [asking, setAsking] = useState(false);
	const [busy, setBusy] = useState(false);
	const remove = async () => {
		setBusy(true);
		try {
			await api.delete(`recordings/${part(r.id)}`);
			toast(t('rec.removed'));
			setAsking(false);
			onRemoved?.();
			void client.invalidateQueries({ queryKey: ['recordings'] });
		} catch (e) {
			toast(say(e));
		} finally {
			setBusy(false);
		}
	};
	return (
		<>
			<Button
				variant="subtle"
				color="gray"
				c="var(--bad)"
				size="xs"
				leftSection={<Icon name="trash" size={15} />}
				onClick={() => setAsking(true)}
			>
				{t('row.remove')}
			</Button>
			<Confirm
				opened={asking}
				danger
				busy={busy}
				title={t('rec.removeTitle')}
				action={t('row.remove')}
				onConfirm={() => void remove()}
				onClose={() => setAsking(false)}
			>
				<b>
					{who}, {date(r.start_ms)}
				</b>
				<p style={{ margin: '6px 0 0' }}>{t('rec.removeText')}</p>
			</Confirm>
		</>
	);
}
