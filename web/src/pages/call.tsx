// One call: what happened in words, how it sounded, every message of it, its recording.
import { Button, Paper } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Suspense, useCallback, useMemo, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { api, ApiError, part } from '@/api/client';
import type { LiveEvent } from '@/api/events';
import { useCalls } from '@/api/hooks';
import { useEvents, useQualityEvents } from '@/api/live';
import { useMay } from '@/api/session';
import type { Call, CallLeg, CallMessages, Cdr, CdrLeg, Page } from '@/api/types';
import { callSeconds, HangUp } from '@/calls/live';
import { Mos } from '@/calls/mos';
import { Outcome } from '@/calls/outcome';
import { addSecond, curves, type LegPoints, type QualityLeg } from '@/calls/over-time';
import { lostPercent, verdict, type Figures } from '@/calls/quality';
import type { Recording } from '@/recordings/types';
import { SoundOverTime } from '@/calls/sound-over-time';
import { ends, summary } from '@/calls/words';
import { useI18n } from '@/i18n';
import { Icon } from '@/ui/icons';
import { lazyPage } from '@/ui/lazy';
import { useNow } from '@/ui/now';
import { BackLink, Failed, Loading, Nothing, PageHead, State, useErrorText } from '@/ui/parts';

const Player = lazyPage(() => import('@/recordings/player'));

const Ladder = lazyPage(() => import('@/calls/ladder'));

function Section({
	title,
	text,
	children,
	aside,
}: {
	title: string;
	text?: string;
	children: ReactNode;
	aside?: ReactNode;
}) {
	return (
		<Paper component="section" aria-label={title} style={{ overflow: 'hidden', marginBottom: 18 }}>
			<div className="section-head row">
				<div>
					<h2>{title}</h2>
					{text && <p>{text}</p>}
				</div>
				{aside}
			</div>
			{children}
		</Paper>
	);
}

export default function CallPage({ id }: { id: string }) {
	const { t, clock, date } = useI18n();
	const [, go] = useLocation();
	const may = useMay();
	const live = useCalls().data?.items.find((c) => c.id === id);
	const client = useQueryClient();
	const q = useQuery({
		queryKey: ['cdr', id],
		queryFn: () => api.get<Cdr>(`cdr/${part(id)}`),
		retry: (n, e) => n < 2 && e instanceof ApiError && (e.status === 404 || e.status === 0),
	});
	const [hang, setHang] = useState(false);
	// at its end the record has all that the call had
	useEvents(
		'call',
		useCallback(
			(e: LiveEvent) => {
				if (e.key !== id) return;
				void client.invalidateQueries({ queryKey: ['cdr', id] });
				void client.invalidateQueries({ queryKey: ['call-messages', id] });
			},
			[client, id],
		),
	);
	const now = useNow(Boolean(live));
	const back = (
		<BackLink href="/calls" onClick={() => go('/calls')}>
			{t('calls.title')}
		</BackLink>
	);
	if (q.isPending) return <Loading />;
	if (!q.data) {
		const gone = q.error instanceof ApiError && q.error.status === 404;
		return (
			<>
				{back}
				{gone ? (
					<Nothing icon="call" title={t('callp.gone')} text={t('callp.goneText')} />
				) : (
					<Failed error={q.error} retry={() => void q.refetch()} />
				)}
			</>
		);
	}
	const c: Cdr = { ...q.data, legs: q.data.legs ?? (live?.legs ?? []).map((l) => recorded(l, q.data)) };
	const e = ends(c, t('who.hidden'));
	return (
		<>
			{back}
			<PageHead title={`${e.from} → ${e.to}`} text={date(c.start_ms, { dateStyle: 'full', timeStyle: 'medium' })}>
				{live && may('manager') && (
					<Button color="red.9" leftSection={<Icon name="hangup" size={17} />} onClick={() => setHang(true)}>
						{t('call.hangup')}
					</Button>
				)}
			</PageHead>
			<Paper component="section" aria-label={t('callp.summary')} className="summary">
				<div className="summary-facts">
					<span className="big">
						<Outcome cdr={c} />
					</span>
					<span className="num big">{live ? clock(callSeconds(live, now)) : clock(c.talk_ms / 1000)}</span>
				</div>
				<SummaryText cdr={c} />
			</Paper>
			<Legs cdr={c} live={live} />
			<Sound cdr={c} live={live} />
			<Recordings cdr={c} live={live} />
			{may('manager') && <Messages id={id} />}
			{hang && live && <HangUp call={live} label={`${e.from} → ${e.to}`} onClose={() => setHang(false)} />}
		</>
	);
}

function SummaryText({ cdr: c }: { cdr: Cdr }) {
	const i18n = useI18n();
	return (
		<>
			<p className="prose">{summary(c, i18n).join(i18n.lang === 'zh' ? '' : ' ')}</p>
			{!c.answer_ms && c.reason && (
				<p className="quiet small" style={{ margin: '6px 0 0' }}>
					{i18n.t('callp.reason', { code: c.code ?? '', text: c.reason })}
				</p>
			)}
		</>
	);
}

/* ------------------------------------------------------------------ the parties */

/** A leg of a live call as its record will have it. */
const recorded = (l: CallLeg, c: Cdr): CdrLeg => ({
	...l,
	codec: l.codec ?? '',
	call_id: '',
	code: 0,
	start_ms: c.start_ms,
	answer_ms: c.answer_ms ?? 0,
	end_ms: 0,
});

function figuresOf(leg: CdrLeg, live: Call | undefined): Figures | undefined {
	const l = live?.legs.find((x) => x.outgoing === leg.outgoing && x.number === leg.number);
	return l?.codec ? l : leg.quality;
}

function Legs({ cdr, live }: { cdr: Cdr; live: Call | undefined }) {
	const { t } = useI18n();
	const list = cdr.legs ?? [];
	if (!list.length) return null;
	return (
		<Section title={t('callp.parties')} text={t('callp.partiesText')}>
			<div className="legs">
				{list.map((l, i) => (
					<Leg key={i} leg={l} figures={figuresOf(l, live)} />
				))}
			</div>
		</Section>
	);
}

function Leg({ leg: l, figures: q }: { leg: CdrLeg; figures: Figures | undefined }) {
	const i18n = useI18n();
	const { t, number } = i18n;
	const who = l.name || l.number || t('who.hidden');
	const one = (v: number | undefined) => number(v ?? 0, { maximumFractionDigits: 1 });
	const v = q && l.answer_ms ? verdict(q, who, i18n) : null;
	return (
		<div className="leg">
			<div className="leg-head">
				<Icon name={l.outgoing ? 'phone' : 'call'} size={20} />
				<div>
					<b>{who}</b> {l.name && <span className="quiet num">{l.number}</span>}
					<div className="quiet small">
						{t(l.outgoing ? 'callp.called' : 'callp.caller')}
						{l.device ? ` · ${l.device}` : ''}
						{l.codec ? ` · ${l.codec}` : ''}
					</div>
				</div>
			</div>
			{v ? (
				<>
					<div className="leg-verdict">
						<State tone={v.tone}>
							<b>{v.text[0]}</b>
						</State>
						{v.text.length > 1 && <p>{v.text.slice(1).join(' ')}</p>}
					</div>
					{q!.received ? (
						<dl className="facts">
							<div>
								<dt>MOS</dt>
								<dd>
									<Mos mos={q!.mos ?? 0} />
								</dd>
							</div>
							<div>
								<dt>{t('sound.loss')}</dt>
								<dd className="num">{one(lostPercent(q!))} %</dd>
							</div>
							<div>
								<dt>{t('sound.jitter')}</dt>
								<dd className="num">{one(q!.jitter_ms)} ms</dd>
							</div>
							<div>
								<dt>{t('sound.delay')}</dt>
								<dd className="num">{q!.rtt_ms ? `${one(q!.rtt_ms)} ms` : '—'}</dd>
							</div>
						</dl>
					) : null}
				</>
			) : (
				<p className="quiet small" style={{ margin: 0 }}>
					{l.answer_ms ? t('callp.noSound') : t('callp.notAnswered', { code: l.code || '—' })}
				</p>
			)}
		</div>
	);
}

/* ------------------------------------------------------------------ sound over time */

function Sound({ cdr, live }: { cdr: Cdr; live: Call | undefined }) {
	const { t } = useI18n();
	const [heard, setHeard] = useState<LegPoints[]>([]);
	useQualityEvents();
	useEvents(
		'quality',
		useCallback((e: LiveEvent) => void (e.key === cdr.id && setHeard((h) => addSecond(h, e))), [cdr.id]),
	);
	const q = useQuery({
		queryKey: ['call-quality', cdr.id, live ? 'live' : 'ended'],
		queryFn: () => api.get<{ legs: QualityLeg[] }>(`calls/${part(cdr.id)}/quality`),
		enabled: Boolean(cdr.answer_ms),
		retry: false,
	});
	const kept = useMemo(() => curves(q.data?.legs ?? []), [q.data]);
	if (!cdr.answer_ms) return null;
	// what is kept, and behind it what was heard since
	const legs = kept.some((l) => l.points.length)
		? kept.map((l) => {
				const last = l.points.at(-1)?.at_ms ?? 0;
				const more = heard.find((h) => h.outgoing === l.outgoing && h.number === l.number)?.points ?? [];
				return { ...l, points: [...l.points, ...more.filter((p) => p.at_ms > last)] };
			})
		: heard;
	const name = (l: LegPoints) =>
		cdr.legs?.find((x) => x.outgoing === l.outgoing && x.number === l.number)?.name || l.number || t('who.hidden');
	const some = legs.some((l) => l.points.length > 1);
	return (
		<Section title={t('sound.title')} text={t('sound.text')}>
			{some ? (
				<SoundOverTime legs={legs} name={name} />
			) : q.isLoading ? (
				<Loading height={120} />
			) : (
				<p className="quiet quiet-note">{live ? t('sound.soon') : t('sound.none')}</p>
			)}
		</Section>
	);
}

/* ------------------------------------------------------------------ recordings */

function Recordings({ cdr, live }: { cdr: Cdr; live: Call | undefined }) {
	const { t } = useI18n();
	const q = useQuery({
		queryKey: ['recordings', 'call', cdr.id, live?.recording ?? ''],
		queryFn: async () => {
			try {
				return (await api.get<Page<Recording>>(`recordings/${part(cdr.id)}`)).items;
			} catch (e) {
				if (e instanceof ApiError && e.status === 404) return [];
				throw e;
			}
		},
	});
	if (!q.data?.length) return null;
	return (
		<Section title={t('callp.recording')}>
			<ul className="cards">
				{q.data.map((r) => (
					<RecordingItem key={r.id} recording={r} />
				))}
			</ul>
		</Section>
	);
}

function RecordingItem({ recording: r }: { recording: Recording }) {
	const { t, clock, date } = useI18n();
	const may = useMay();
	const [open, setOpen] = useState(false);
	const path = `recordings/${part(r.id)}/sound`;
	const at = date(r.start_ms, { timeStyle: 'medium' });
	return (
		<li className="recording">
			<div className="recording-head">
				<span>
					<b>{at}</b> <span className="quiet num">{clock(r.ms / 1000)}</span>
				</span>
				{r.state === 'recording' ? (
					<State tone="bad">{t('call.recorded')}</State>
				) : may('manager') ? (
					<>
						<Button size="xs" aria-expanded={open} onClick={() => setOpen(!open)}>
							{t(open ? 'rec.hide' : 'rec.listen')}
						</Button>
						<Button
							component="a"
							href={`/api/v1/${path}?download=1`}
							download
							size="xs"
							variant="default"
							leftSection={<Icon name="download" size={15} />}
						>
							{t('callp.download')}
						</Button>
					</>
				) : (
					<span className="quiet small">{t('callp.mayNotListen')}</span>
				)}
			</div>
			{open && (
				<Suspense fallback={<Loading height={90} />}>
					<Player path={path} ms={r.ms} label={`${t('callp.recording')} ${at}`} sides={[r.from, r.to]} />
				</Suspense>
			)}
		</li>
	);
}

/* ------------------------------------------------------------------ messages */

function Messages({ id }: { id: string }) {
	const { t } = useI18n();
	const say = useErrorText();
	const q = useQuery({
		queryKey: ['call-messages', id],
		queryFn: () => api.get<CallMessages>(`calls/${part(id)}/messages`),
		retry: false,
	});
	return (
		<Section
			title={t('ladder.title')}
			text={t('ladder.help')}
			aside={
				q.data && q.data.messages.length > 0 ? (
					<Button
						component="a"
						href={`/api/v1/calls/${part(id)}/pcap`}
						download={`${id}.pcapng`}
						size="xs"
						variant="default"
						leftSection={<Icon name="download" size={15} />}
					>
						{t('ladder.pcap')}
					</Button>
				) : null
			}
		>
			{q.isPending ? (
				<Loading />
			) : q.data ? (
				<Suspense fallback={<Loading />}>
					<Ladder data={q.data} />
				</Suspense>
			) : q.error instanceof ApiError && (q.error.status === 404 || q.error.status === 409) ? (
				<Nothing
					icon="table"
					title={t('ladder.none')}
					text={q.error.status === 409 ? say(q.error) : t('ladder.noneText')}
				/>
			) : (
				<Failed error={q.error} retry={() => void q.refetch()} />
			)}
		</Section>
	);
}
