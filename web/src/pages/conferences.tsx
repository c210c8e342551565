// Conferences: who is in one now, who speaks; mute, take out, record.
import '@/system.css';
import { ActionIcon, Button, Menu, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { api, part } from '@/api/client';
import { useEvents, useLiveOpen } from '@/api/live';
import type { LiveEvent } from '@/api/events';
import { useMay } from '@/api/session';
import type { Member, Page, Row } from '@/api/types';
import { useI18n } from '@/i18n';
import type { ExtraColumn } from '@/resource/list';
import ResourcePage from '@/resource/page';
import { Icon } from '@/ui/icons';
import { useNow } from '@/ui/now';
import { Confirm, Failed, Loading, State, useErrorText } from '@/ui/parts';
import { useToast } from '@/ui/toast';

const membersOf = (row: Row): number => (row as unknown as { live?: { members?: number } }).live?.members ?? 0;

function Members({ row }: { row: Row }) {
	const { t, n } = useI18n();
	const count = membersOf(row);
	if (row['enabled'] === false) return <State tone="off">{t('field.off')}</State>;
	return count ? <State tone="good">{n('conf.members', count)}</State> : <State tone="off">{t('conf.empty')}</State>;
}

export default function Conferences({ rowKey }: { rowKey?: string | undefined }) {
	const { t } = useI18n();
	const extra = useMemo<ExtraColumn[]>(
		() => [{ id: 'members', header: t('conf.now'), small: true, cell: (row) => <Members row={row} /> }],
		[t],
	);
	return (
		<ResourcePage
			plural="conferences"
			rowKey={rowKey}
			list={{
				extra,
				live: true,
				columns: ['number', 'name', 'max_members', 'record', 'enabled'],
				empty: { title: t('conf.none'), text: t('conf.noneText') },
			}}
			aside={(row) => <Room number={String(row['number'])} />}
		/>
	);
}

function Room({ number }: { number: string }) {
	const { t, n } = useI18n();
	const open = useLiveOpen();
	const q = useQuery({
		queryKey: ['conference-members', number],
		queryFn: () => api.get<Page<Member>>(`conferences/${part(number)}/members`),
		refetchInterval: open ? false : 3000,
	});
	const list = [...(q.data?.items ?? [])].sort((a, b) => a.since_ms - b.since_ms);
	const now = useNow(list.length > 0);
	return (
		<Paper component="section" aria-label={t('conf.now')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('conf.now')}</h2>
				{list.length > 0 && <p aria-live="polite">{n('conf.members', list.length)}</p>}
			</div>
			{q.isPending ? (
				<Loading height={80} />
			) : q.isError ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !list.length ? (
				<div className="nothing" style={{ padding: '22px 20px' }}>
					<State tone="off">{t('conf.empty')}</State>
					<p style={{ fontSize: 13.5 }}>{t('conf.emptyText', { number })}</p>
				</div>
			) : (
				<>
					<ul className="cards">
						{list.map((m) => (
							<Person key={m.id} m={m} now={now} />
						))}
					</ul>
					<Recording number={number} on={list.some((m) => m.recorded)} />
				</>
			)}
		</Paper>
	);
}

function Person({ m, now }: { m: Member; now: number }) {
	const { t, clock } = useI18n();
	const may = useMay();
	const toast = useToast();
	const say = useErrorText();
	const [asking, setAsking] = useState(false);
	const [busy, setBusy] = useState(false);
	const who = m.caller_name ? `${m.caller_name} (${m.number})` : m.number;
	const order = async (what: 'mute' | 'unmute' | 'kick') => {
		setBusy(true);
		try {
			await api.post(`conferences/${part(m.conference)}/members/${part(m.id)}/${what}`);
			if (what === 'kick') toast(t('conf.kicked', { who }));
		} catch (e) {
			toast(say(e));
		} finally {
			setBusy(false);
			setAsking(false);
		}
	};
	return (
		<li className="member" data-talking={m.talking && !m.muted ? '' : undefined}>
			<span className="member-face" aria-hidden="true">
				<Icon name={m.muted ? 'micOff' : m.waiting ? 'person' : 'mic'} size={18} />
			</span>
			<span style={{ flex: 1, minWidth: 0 }}>
				<b>{who}</b>
				<small>
					{m.waiting ? t('conf.waiting') : m.muted ? t('conf.muted') : m.talking ? t('conf.talking') : t('conf.quiet')}
					{m.admin ? ` · ${t('conf.admin')}` : ''}
					{' · '}
					<span className="num">{clock((now - m.since_ms) / 1000)}</span>
				</small>
			</span>
			{may('manager') && (
				<>
					<Button
						variant="default"
						size="compact-sm"
						loading={busy}
						aria-label={`${t(m.muted ? 'conf.unmute' : 'conf.mute')}: ${who}`}
						onClick={() => void order(m.muted ? 'unmute' : 'mute')}
					>
						{t(m.muted ? 'conf.unmute' : 'conf.mute')}
					</Button>
					<Menu position="bottom-end" shadow="lg">
						<Menu.Target>
							<ActionIcon variant="subtle" color="gray" aria-label={`${t('list.actions')}: ${who}`}>
								<Icon name="dots" size={18} />
							</ActionIcon>
						</Menu.Target>
						<Menu.Dropdown>
							<Menu.Item c="var(--bad)" leftSection={<Icon name="logout" size={16} />} onClick={() => setAsking(true)}>
								{t('conf.kick')}
							</Menu.Item>
						</Menu.Dropdown>
					</Menu>
					<Confirm
						opened={asking}
						danger
						busy={busy}
						title={t('conf.kickTitle', { who })}
						action={t('conf.kick')}
						onConfirm={() => void order('kick')}
						onClose={() => setAsking(false)}
					>
						{t('conf.kickText')}
					</Confirm>
				</>
			)}
		</li>
	);
}

/** Recording by hand. Whether it pauses is known by the live line. */
function Recording({ number, on }: { number: string; on: boolean }) {
	const { t } = useI18n();
	const may = useMay();
	const toast = useToast();
	const say = useErrorText();
	const [busy, setBusy] = useState(false);
	const [paused, setPaused] = useState(false);
	useEvents(
		'recording',
		useCallback(
			(e: LiveEvent) => {
				if (!e.data['call_id'] && e.data['to'] === number) setPaused(e.data['paused'] === true);
			},
			[number],
		),
	);
	if (!may('manager'))
		return on ? (
			<div style={{ padding: '12px 20px', borderTop: '1px solid var(--line)' }}>
				<State tone="bad">{t('conf.recorded')}</State>
			</div>
		) : null;
	const order = async (action: 'start' | 'stop' | 'pause' | 'resume') => {
		setBusy(true);
		try {
			await api.post(`conferences/${part(number)}/record`, { action });
			if (action === 'stop') toast(t('conf.recordStopped'));
			if (action === 'pause' || action === 'resume') setPaused(action === 'pause');
		} catch (e) {
			toast(say(e));
		} finally {
			setBusy(false);
		}
	};
	return (
		<div style={{ padding: '14px 20px 18px', borderTop: '1px solid var(--line)', display: 'grid', gap: 10 }}>
			{on ? (
				<>
					<State tone={paused ? 'warn' : 'bad'}>{t(paused ? 'conf.recordPaused' : 'conf.recorded')}</State>
					<div style={{ display: 'flex', gap: 8, flexWrap: 'wrap' }}>
						<Button variant="default" loading={busy} onClick={() => void order('stop')}>
							{t('conf.recordStop')}
						</Button>
						<Button variant="default" loading={busy} onClick={() => void order(paused ? 'resume' : 'pause')}>
							{t(paused ? 'conf.recordResume' : 'conf.recordPause')}
						</Button>
					</div>
				</>
			) : (
				<>
					<Button
						variant="default"
						loading={busy}
						leftSection={<Icon name="record" size={17} />}
						onClick={() => void order('start')}
					>
						{t('conf.record')}
					</Button>
					<Text size="xs" c="dimmed">
						{t('conf.recordText')}
					</Text>
				</>
			)}
		</div>
	);
}
