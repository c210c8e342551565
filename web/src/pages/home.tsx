// Home: what goes on right now.
import { Alert, Paper, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { useAlarms, useCalls, useStatus } from '@/api/hooks';
import type { Call } from '@/api/types';
import { useI18n } from '@/i18n';
import { Failed, Loading, Nothing, PageHead, State } from '@/ui/parts';

/** The time now, once a second: for clocks that run. */
function useNow(on: boolean) {
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		if (!on) return;
		const timer = setInterval(() => setNow(Date.now()), 1000);
		return () => clearInterval(timer);
	}, [on]);
	return now;
}

export default function Home() {
	const { t, duration, number } = useI18n();
	const status = useStatus();
	const s = status.data;
	const now = useNow(true);
	if (status.isPending) return <Loading />;
	if (!s) return <Failed error={status.error} retry={() => void status.refetch()} />;
	return (
		<>
			<PageHead title={t('home.title')} text={t('home.version', { version: s.version })} />
			<Alarms />
			<div className="figures" style={{ marginBottom: 18 }}>
				<Figure value={number(s.calls)} label={t('home.calls')} />
				<Figure
					value={t('home.of', { n: number(s.registered), all: number(s.extensions) })}
					label={t('home.registered')}
					href="/extensions"
				/>
				<Figure value={number(s.contacts)} label={t('home.contacts')} href="/extensions" />
				<Figure value={duration((now - s.started_ms) / 1000)} label={t('home.uptime')} />
			</div>
			<LiveCalls now={now} />
		</>
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

function Alarms() {
	const { t, when } = useI18n();
	const q = useAlarms();
	return (q.data?.items ?? []).map((a) => (
		<Alert key={a.id} mb="md" color={a.severity === 'critical' ? 'red' : 'orange'} title={a.text}>
			{a.remedy}
			<Text size="xs" c="dimmed" mt={4}>
				{t('head.since', { when: when(a.since) })}
			</Text>
		</Alert>
	));
}

const who = (c: Call, n: string) => c.legs.find((l) => l.number === n)?.name;

function Party({ number, name }: { number: string; name?: string | undefined }) {
	return (
		<>
			<span style={{ fontWeight: 600 }}>{name || number}</span>
			{name ? <span style={{ color: 'var(--quiet)' }}> {number}</span> : null}
		</>
	);
}

function Sound({ call }: { call: Call }) {
	const { t } = useI18n();
	const list = call.legs.map((l) => l.mos_now || l.mos || 0).filter((m) => m > 0);
	if (!list.length) return <>—</>;
	const mos = Math.min(...list);
	if (mos >= 3.8) return <State tone="good">{t('call.good')}</State>;
	if (mos >= 3.1) return <State tone="warn">{t('call.fair')}</State>;
	return <State tone="bad">{t('call.poor')}</State>;
}

function LiveCalls({ now }: { now: number }) {
	const { t, clock } = useI18n();
	const q = useCalls();
	const list = q.data?.items ?? [];
	const age = Math.max(0, Math.floor((now - q.dataUpdatedAt) / 1000));
	const state = (c: Call) =>
		c.state in { routing: 1, ringing: 1, up: 1, ending: 1 } ? t(`call.${c.state as 'up'}`) : c.state;
	return (
		<Paper component="section" aria-label={t('home.calls')} style={{ overflow: 'hidden' }}>
			<div className="section-head">
				<h2>{t('home.calls')}</h2>
			</div>
			{q.isPending ? (
				<Loading height={120} />
			) : !q.data ? (
				<Failed error={q.error} retry={() => void q.refetch()} />
			) : !list.length ? (
				<Nothing icon="call" title={t('home.noCalls')} text={t('home.noCallsText')} />
			) : (
				<div className="table-wrap" tabIndex={0} role="region" aria-label={t('home.calls')}>
					<table className="table">
						<thead>
							<tr>
								<th scope="col">{t('home.who')}</th>
								<th scope="col">{t('home.state')}</th>
								<th scope="col">{t('home.quality')}</th>
								<th scope="col" data-right>
									{t('home.time')}
								</th>
							</tr>
						</thead>
						<tbody>
							{list.map((c) => (
								<tr key={c.id}>
									<td>
										<Party number={c.from} name={who(c, c.from)} /> → <Party number={c.to} name={who(c, c.to)} />
									</td>
									<td>{state(c)}</td>
									<td>
										<Sound call={c} />
									</td>
									<td data-right className="num">
										{clock(c.seconds + age)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</Paper>
	);
}
