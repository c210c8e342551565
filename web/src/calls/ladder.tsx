// The SIP messages of a call as a sequence diagram: a line for each party with offhook between them, an arrow for each
// message. One that is clicked is shown in full.
import { Chip, CopyButton as Copy, Button, Modal } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import type { CallMessage, CallMessages } from '@/api/types';
import { useI18n } from '@/i18n';
import { Nothing } from '@/ui/parts';

export type Kind = 'request' | 'progress' | 'good' | 'challenge' | 'bad';
/** What a message is, by the beginning of its summary. */
export function kindOf(summary: string): Kind {
	const code = Number(/^(?:SIP\/2\.0 )?(\d{3})\b/.exec(summary)?.[1] ?? 0);
	if (!code) return 'request';
	if (code < 200) return 'progress';
	if (code < 300) return 'good';
	return code === 401 || code === 407 ? 'challenge' : 'bad';
}
/** "INVITE sip:101@192.0.2.1 ..." is too long for an arrow: what is said, and of a request to whom. */
export function arrowText(m: Pick<CallMessage, 'summary' | 'body'>, room = 40): string {
	const s = m.summary.replace(/\bsips?:([^@>;\s]+)@[^\s)]*/, '$1');
	const sdp = m.body === 'application/sdp' ? ' · SDP' : '';
	// an answer says in brackets what it answers: the first to go where there is no room
	const text = s.length + sdp.length > room ? s.replace(/ \([A-Z]+\)$/, '') + sdp : s + sdp;
	return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

/** Where the parties stand: callers on the left of offhook, those who are called on the right. */
export function lanes(d: CallMessages, only: number | null) {
	const legs = d.legs.filter((l) => only === null || l.leg === only);
	const left = legs.filter((l) => !l.outgoing);
	const right = legs.filter((l) => l.outgoing);
	return { order: [...left.map((l) => l.leg), -1, ...right.map((l) => l.leg)], middle: left.length };
}

const row = 34;
const head = 58;

export default function Ladder({ data }: { data: CallMessages }) {
	const { t, date, number } = useI18n();
	const [only, setOnly] = useState<string>('all');
	const [open, setOpen] = useState<number | null>(null);
	const leg = only === 'all' ? null : Number(only);
	const { order, middle } = useMemo(() => lanes(data, leg), [data, leg]);
	const list = data.messages.filter((m) => m.kind === 'sip' && (leg === null || m.leg === leg));
	const small = useMediaQuery('(max-width: 47.99em)', undefined, { getInitialValueInEffect: false });
	if (!data.messages.length) return <Nothing icon="table" title={t('ladder.none')} text={t('ladder.noneText')} />;
	const [gap, margin, side] = small ? [150, 56, 46] : [280, 92, 70];
	const width = margin + side + gap * Math.max(1, order.length - 1) + side + 20;
	const x = (lane: number) => margin + side + lane * gap;
	const height = head + list.length * row + 16;
	const legOf = (n: number) => data.legs.find((l) => l.leg === n);
	const name = (n: number) => legOf(n)?.number || legOf(n)?.peer || t('who.hidden');
	const start = data.messages[0]!.at_ms * 1000 + (data.messages[0]!.us ?? 0);
	const since = (m: CallMessage) => (m.at_ms * 1000 + (m.us ?? 0) - start) / 1e6;
	const stamp = (m: CallMessage) => `+${number(since(m), { minimumFractionDigits: 3, maximumFractionDigits: 3 })}`;
	const at = open === null ? undefined : list[open];
	return (
		<>
			<div className="ladder-tools">
				{data.legs.length > 1 && (
					<Chip.Group value={only} onChange={(v) => setOnly(String(v))}>
						<Chip value="all" size="xs">
							{t('ladder.all')}
						</Chip>
						{data.legs.map((l) => (
							<Chip key={l.leg} value={String(l.leg)} size="xs">
								{t('ladder.leg', { who: name(l.leg) })}
							</Chip>
						))}
					</Chip.Group>
				)}
				<span className="quiet small">{t('ladder.hint')}</span>
			</div>
			{data.dropped && <p className="list-foot">{t('ladder.dropped')}</p>}
			<div className="ladder" role="region" aria-label={t('ladder.title')} tabIndex={0}>
				<svg
					width={width}
					height={height}
					viewBox={`0 0 ${width} ${height}`}
					role="group"
					aria-label={t('ladder.title')}
				>
					<defs>
						<marker
							id="tip"
							viewBox="0 0 10 10"
							refX="9"
							refY="5"
							markerWidth="8"
							markerHeight="8"
							orient="auto-start-reverse"
						>
							<path d="M0 0 10 5 0 10z" fill="context-stroke" />
						</marker>
					</defs>
					{order.map((n, i) => (
						<g key={n} aria-hidden="true">
							<line className="lane" x1={x(i)} x2={x(i)} y1={head - 8} y2={height - 6} data-own={n < 0 || undefined} />
							<text className="lane-name" x={x(i)} y={20} textAnchor="middle">
								{n < 0 ? 'offhook' : name(n)}
							</text>
							<text className="lane-sub" x={x(i)} y={38} textAnchor="middle">
								{n < 0 ? '' : (legOf(n)?.device || legOf(n)?.peer || '').slice(0, small ? 16 : 30)}
							</text>
						</g>
					))}
					{list.map((m, i) => {
						const y = head + i * row + 22;
						const lane = order.indexOf(m.leg);
						const [a, b] = m.direction === 'in' ? [x(lane), x(middle)] : [x(middle), x(lane)];
						const pad = a < b ? 3 : -3;
						const k = kindOf(m.summary);
						const say = t(m.direction === 'in' ? 'ladder.in' : 'ladder.out', {
							what: m.summary,
							who: name(m.leg),
							time: stamp(m),
						});
						return (
							<g
								key={`${m.at_ms}.${m.us ?? 0}.${i}`}
								className="message"
								data-kind={k}
								role="button"
								tabIndex={0}
								aria-label={say}
								onClick={() => setOpen(i)}
								onKeyDown={(e) => {
									if (e.key !== 'Enter' && e.key !== ' ') return;
									e.preventDefault();
									setOpen(i);
								}}
							>
								<rect className="hit-row" x={4} y={y - 24} width={width - 8} height={row - 2} rx={6} />
								<text className="stamp" x={12} y={y + 3}>
									{stamp(m)}
								</text>
								<text className="arrow-text" x={(a + b) / 2} y={y - 7} textAnchor="middle">
									{arrowText(m, small ? 21 : 40)}
								</text>
								<line className="arrow" x1={a + pad} x2={b - pad} y1={y} y2={y} markerEnd="url(#tip)" />
							</g>
						);
					})}
				</svg>
			</div>
			<Modal
				opened={at !== undefined}
				onClose={() => setOpen(null)}
				size="xl"
				title={at?.summary ?? ''}
				closeButtonProps={{ 'aria-label': t('close') }}
			>
				{at && (
					<>
						<p className="quiet small num" style={{ marginTop: 0 }}>
							{date(at.at_ms, { dateStyle: 'medium', timeStyle: 'medium' })} ({stamp(at)} s) ·{' '}
							{at.transport.toUpperCase()} ·{' '}
							<span className="mono">
								{at.from_addr} → {at.to_addr}
							</span>
						</p>
						<pre className="message-text" tabIndex={0} aria-label={t('ladder.text')}>
							{at.text}
						</pre>
						{at.cut && <p className="quiet small">{t('ladder.cut')}</p>}
						<div style={{ display: 'flex', gap: 8, marginTop: 14, flexWrap: 'wrap' }}>
							<Button variant="default" size="xs" disabled={!open} onClick={() => setOpen((o) => (o ?? 1) - 1)}>
								{t('list.previous')}
							</Button>
							<Button
								variant="default"
								size="xs"
								disabled={open === list.length - 1}
								onClick={() => setOpen((o) => (o ?? 0) + 1)}
							>
								{t('list.next')}
							</Button>
							<span style={{ flex: 1 }} />
							<Copy value={at.text}>
								{({ copied, copy }) => (
									<Button variant="default" size="xs" onClick={copy}>
										{copied ? t('copied') : t('ladder.copy')}
									</Button>
								)}
							</Copy>
						</div>
					</>
				)}
			</Modal>
		</>
	);
}
