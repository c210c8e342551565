// Home: what goes on right now, how the day went, and for a newcomer what to do next.
import { Button, Paper, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { api, part } from '@/api/client';
import { useAlarms, useCalls, useStatus, useSystem, useTrunkStatus } from '@/api/hooks';
import { useEvents } from '@/api/live';
import type { LiveEvent } from '@/api/events';
import { useMay } from '@/api/session';
import type { Cdr, Page, Status, System, TrunkStatus } from '@/api/types';
import { beginning, everyHour, type Hour, type HourRow } from '@/calls/hours';
import { LiveCalls } from '@/calls/live';
import { useI18n } from '@/i18n';
import { AlarmText } from '@/shell/alarm';
import { Icon, type IconName } from '@/ui/icons';
import { lazyPage } from '@/ui/lazy';
import { useNow } from '@/ui/now';
import { Failed, Loading, PageHead, State } from '@/ui/parts';
import { Spark } from '@/ui/spark';
import { GuideCard } from './guide-card';

const Plot = lazyPage(() => import('@/ui/plot'));

export default function Home() {
	const { t, number } = useI18n();
	const status = useStatus();
	const calls = useCalls();
	const s = status.data;
	if (status.isPending) return <Loading />;
	if (!s) return <Failed error={status.error} retry={() => void status.refetch()} />;
	const live = calls.data && !calls.data.next ? calls.data.items.length : s.calls;
	return (
		<>
			<PageHead title={t('home.title')} text={t('home.version', { version: s.version })} />
			<Alarms />
			<GuideCard otherwise={<Next status={s} />} />
			<div className="figures" style={{ marginBottom: 18 }}>
				<Figure value={number(live)} label={t('home.calls')} href="/calls" />
				<Figure
					value={t('home.of', { n: number(s.registered), all: number(s.extensions) })}
					label={t('home.registered')}
					href="/extensions"
				/>
				<Figure value={number(s.contacts)} label={t('home.contacts')} href="/registrations" />
				<Uptime since={s.started_ms} />
			</div>
			<Section title={t('home.calls')} aside={<Link href="/calls">{t('calls.title')}</Link>}>
				<LiveCalls />
			</Section>
			<Hours />
			<div className="two">
				<Trunks />
				<Machine />
			</div>
		</>
	);
}

function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
	return (
		<Paper component="section" aria-label={title} style={{ overflow: 'hidden' }}>
			<div className="section-head row">
				<h2>{title}</h2>
				{aside}
			</div>
			{children}
		</Paper>
	);
}

function Figure({ value, label, href }: { value: string; label: string; href?: string }) {
	const inner = (
		<>
			<b>{value}</b>
			<span>{label}</span>
		</>
	);
	return (
		<Paper>
			{href ? (
				<Link href={href} className="figure">
					{inner}
				</Link>
			) : (
				<div className="figure">{inner}</div>
			)}
		</Paper>
	);
}

function Uptime({ since }: { since: number }) {
	const { t, duration } = useI18n();
	const now = useNow();
	return <Figure value={duration((now - since) / 1000)} label={t('home.uptime')} />;
}

function Alarms() {
	const { t } = useI18n();
	const list = useAlarms().data?.items ?? [];
	if (!list.length) return null;
	return (
		<Paper component="section" aria-label={t('home.alarms')} style={{ overflow: 'hidden', marginBottom: 18 }}>
			{list.map((a) => (
				<AlarmText key={a.id} alarm={a} level={2} />
			))}
		</Paper>
	);
}

/* ------------------------------------------------------------------ what next */

const hiddenKey = 'offhook.next.hidden';

function Next({ status }: { status: Status }) {
	const { t } = useI18n();
	const may = useMay();
	const trunks = useTrunkStatus();
	const [hidden, setHidden] = useState(() => {
		try {
			return localStorage.getItem(hiddenKey) === '1';
		} catch {
			return false;
		}
	});
	const echo = useQuery({
		queryKey: ['cdr', 'echo'],
		queryFn: () => api.get<Page<Cdr>>('cdr', { query: { number: '*43', limit: 1 } }),
		enabled: !hidden && may('manager'),
	});
	if (hidden || !may('manager') || trunks.isPending || echo.isPending) return null;
	const steps: { icon: IconName; title: string; text: string; done: boolean; href?: string; go?: string }[] = [
		{
			icon: 'phone',
			title: t('next.phones'),
			text: t('next.phonesText'),
			done: status.contacts > 1,
			href: '/extensions',
			go: t('next.toExtensions'),
		},
		{ icon: 'call', title: t('next.echo'), text: t('next.echoText'), done: (echo.data?.items.length ?? 0) > 0 },
		{
			icon: 'plug',
			title: t('next.provider'),
			text: t('next.providerText'),
			done: (trunks.data?.items.length ?? 0) > 0,
			...(may('administrator') ? { href: '/trunks/new', go: t('next.toProvider') } : {}),
		},
	];
	if (steps.every((s) => s.done)) return null;
	return (
		<Paper component="section" aria-label={t('next.title')} style={{ overflow: 'hidden', marginBottom: 18 }}>
			<div className="section-head row">
				<div>
					<h2>{t('next.title')}</h2>
					<p>{t('next.text')}</p>
				</div>
				<div style={{ display: 'flex', gap: 8, flexWrap: 'wrap' }}>
					{may('administrator') && (
						<Button component={Link} href="/welcome" size="xs" variant="light">
							{t('next.wizard')}
						</Button>
					)}
					<Button
						size="xs"
						variant="subtle"
						color="gray"
						onClick={() => {
							try {
								localStorage.setItem(hiddenKey, '1');
							} catch {
								/* for this visit only */
							}
							setHidden(true);
						}}
					>
						{t('next.hide')}
					</Button>
				</div>
			</div>
			<ol className="next-steps">
				{steps.map((s) => (
					<li key={s.title} data-done={s.done || undefined}>
						<span className="step-mark">
							<Icon name={s.done ? 'check' : s.icon} size={20} />
						</span>
						<div>
							<h3>
								{s.title}
								{s.done && <span className="visually-hidden"> ({t('next.done')})</span>}
							</h3>
							<p>{s.text}</p>
							{!s.done && s.href && <Link href={s.href}>{s.go}</Link>}
						</div>
					</li>
				))}
			</ol>
		</Paper>
	);
}

/* ------------------------------------------------------------------ how the day went */

type Span = 'today' | 'week';

function useHours(span: Span) {
	const minute = Math.floor(Date.now() / 60_000);
	const since = beginning(span);
	const q = useQuery({
		queryKey: ['hours', span, since],
		queryFn: ({ signal }) => api.get<{ items: HourRow[] }>('stats/hours', { query: { since }, signal }),
		retry: false,
		refetchInterval: 60_000,
	});
	const hours = useMemo(
		() => (q.data ? everyHour(q.data.items, since, (minute + 1) * 60_000) : []),
		[q.data, since, minute],
	);
	return { q, hours };
}

function Hours() {
	const { t, date } = useI18n();
	const [span, setSpan] = useState<Span>('today');
	const { q, hours } = useHours(span);
	const refetch = q.refetch;
	// a call that ended is in the picture soon
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	useEffect(() => () => clearTimeout(timer.current), []);
	useEvents(
		'call',
		useCallback(
			(e: LiveEvent) => {
				if (e.data['state'] !== 'ended' || timer.current) return;
				timer.current = setTimeout(() => {
					timer.current = undefined;
					void refetch();
				}, 3000);
			},
			[refetch],
		),
	);
	const choice = (
		<SegmentedControl
			size="xs"
			aria-label={t('home.perHour')}
			value={span}
			onChange={(v) => setSpan(v as Span)}
			data={[
				{ value: 'today', label: t('home.today') },
				{ value: 'week', label: t('home.week') },
			]}
		/>
	);
	const moment = (s: number) =>
		date(s * 1000, { ...(span === 'week' ? { weekday: 'short' } : {}), hour: '2-digit', minute: '2-digit' });
	const p = { hours, moment, busy: q.isPending };
	return (
		<div className="two">
			<Section title={t('home.perHour')} aside={choice}>
				<CallsPerHour {...p} />
			</Section>
			<Section
				title={t('home.voice')}
				aside={<span className="quiet small">{t(span === 'week' ? 'home.week' : 'home.today')}</span>}
			>
				<Voice {...p} />
			</Section>
		</div>
	);
}

interface HoursProps {
	hours: Hour[];
	moment: (s: number) => string;
	busy: boolean;
}

function CallsPerHour({ hours, moment, busy }: HoursProps) {
	const { t, number } = useI18n();
	const x = useMemo(() => hours.map((h) => h.at_s), [hours]);
	if (busy) return <Loading height={210} />;
	if (!hours.some((h) => h.calls)) return <p className="quiet quiet-note">{t('home.hoursNone')}</p>;
	return (
		<div className="plot-box">
			<Suspense fallback={<Loading height={200} />}>
				<Plot
					label={t('home.hoursLabel')}
					x={x}
					moment={moment}
					series={[
						{
							label: t('home.notAnswered'),
							color: '--plot-4',
							bars: true,
							base: true,
							values: hours.map((h) => h.calls - h.answered),
							format: number,
						},
						{
							label: t('home.answered'),
							color: '--plot-1',
							bars: true,
							values: hours.map((h) => h.answered),
							format: number,
						},
					]}
				/>
			</Suspense>
		</div>
	);
}

function Voice({ hours, moment, busy }: HoursProps) {
	const { t, number } = useI18n();
	const x = useMemo(() => hours.map((h) => h.at_s), [hours]);
	if (busy) return <Loading height={210} />;
	if (!hours.some((h) => h.mos)) return <p className="quiet quiet-note">{t('home.voiceNone')}</p>;
	return (
		<div className="plot-box">
			<Suspense fallback={<Loading height={200} />}>
				<Plot
					label={t('home.voiceLabel')}
					height={176}
					x={x}
					moment={moment}
					range={{ y: [1, 4.5] }}
					series={[
						{
							label: 'MOS',
							color: '--plot-1',
							values: hours.map((h) => h.mos),
							format: (v) => number(v, { maximumFractionDigits: 1 }),
							fill: true,
							points: true,
						},
					]}
				/>
			</Suspense>
			<p className="quiet small" style={{ margin: '6px 4px 0' }}>
				{t('home.voiceHelp')}
			</p>
		</div>
	);
}

/* ------------------------------------------------------------------ providers, machine */

const trunkTone: Record<TrunkStatus['state'], 'good' | 'warn' | 'bad' | 'off'> = {
	up: 'good',
	starting: 'warn',
	degraded: 'warn',
	down: 'bad',
	off: 'off',
};
const trunksShown = 6;

function Trunks() {
	const { t } = useI18n();
	const q = useTrunkStatus();
	// what needs somebody stands first
	const order = ['down', 'degraded', 'starting', 'up', 'off'];
	const list = [...(q.data?.items ?? [])].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
	return (
		<Section title={t('home.trunks')} aside={list.length > 0 && <Link href="/trunks">{t('home.allTrunks')}</Link>}>
			{q.isPending ? (
				<Loading height={120} />
			) : !q.data ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !list.length ? (
				<p className="quiet quiet-note">{t('home.trunksNone')}</p>
			) : (
				<ul className="cards">
					{list.slice(0, trunksShown).map((x) => (
						<li key={x.name}>
							<Link href={`/trunks/${part(x.name)}`}>
								<span>
									<b>{x.name}</b>
									<small className="wrap">{x.words}</small>
								</span>
								<State tone={trunkTone[x.state] ?? 'off'}>{t(`trunk.${x.state}`)}</State>
							</Link>
						</li>
					))}
				</ul>
			)}
		</Section>
	);
}

/** What the machine did since this page was opened: 2 minutes of it. */
function useTrail(now: System | undefined): System[] {
	const trail = useRef<System[]>([]);
	if (now && trail.current.at(-1)?.at_ms !== now.at_ms) trail.current = [...trail.current.slice(-59), now];
	return trail.current;
}

function Machine() {
	const { t, number, bytes } = useI18n();
	const s = useSystem();
	const trail = useTrail(s);
	const percent = (v: number) => number(v / 100, { style: 'percent', maximumFractionDigits: v < 10 ? 1 : 0 });
	const full = s?.disk_total ? 1 - (s.disk_free ?? 0) / s.disk_total : 0;
	return (
		<Section title={t('home.system')} aside={<Link href="/system">{t('nav.status')}</Link>}>
			<dl className="machine">
				<div>
					<dt>{t('home.load')}</dt>
					<dd>
						<b className="num">{s ? percent(s.cpu_percent) : t('home.wait')}</b>
						<span>{t('home.loadHelp')}</span>
						<Spark values={trail.map((x) => x.cpu_percent)} max={20} label={t('home.load')} />
					</dd>
				</div>
				<div>
					<dt>{t('home.memory')}</dt>
					<dd>
						<b className="num">{s ? bytes(s.rss) : t('home.wait')}</b>
						<Spark values={trail.map((x) => x.rss)} max={(s?.rss ?? 1) * 1.5} label={t('home.memory')} />
					</dd>
				</div>
				<div>
					<dt>{t('home.disk')}</dt>
					<dd>
						<b className="num">{s?.disk_total ? bytes(s.disk_free ?? 0) : t('home.wait')}</b>
						{s?.disk_total && <span>{t('home.diskOf', { all: bytes(s.disk_total) })}</span>}
						<div className="meter" data-tone={full > 0.95 ? 'bad' : full > 0.85 ? 'warn' : 'good'} aria-hidden="true">
							<i style={{ width: `${Math.round(full * 100)}%` }} />
						</div>
					</dd>
				</div>
				<div>
					<dt>{t('home.lag')}</dt>
					<dd>
						<b className="num">{s ? number(s.loop_lag_ms, { style: 'unit', unit: 'millisecond' }) : t('home.wait')}</b>
						<span>{t('home.lagHelp')}</span>
						<Spark values={trail.map((x) => x.loop_lag_ms)} max={50} label={t('home.lag')} />
					</dd>
				</div>
			</dl>
		</Section>
	);
}
