// What figures of the sound mean, in words: one place for the live list, the record of a call, and home.
import type { I18n } from '@/i18n';

export type Tone = 'good' | 'warn' | 'bad' | 'off';
export type Mark = 'great' | 'good' | 'fair' | 'poor' | 'bad';

/** Of a MOS (1 to 4.5): what people would say. */
export function mark(mos: number): Mark {
	if (mos >= 4) return 'great';
	if (mos >= 3.6) return 'good';
	if (mos >= 3.1) return 'fair';
	if (mos >= 2.6) return 'poor';
	return 'bad';
}
export function tone(mos: number): Tone {
	if (!mos) return 'off';
	return mos >= 3.6 ? 'good' : mos >= 3.1 ? 'warn' : 'bad';
}

/** Figures of one leg, of a live call or of a record. Those of what we receive are how this phone sounds. */
export interface Figures {
	received?: number;
	sent?: number;
	lost?: number;
	jitter_ms?: number;
	rtt_ms?: number;
	mos?: number;
	far_mos?: number;
	far_lost_percent?: number;
	bad_seconds?: number;
	auth_failed?: number;
	clipped_seconds?: number;
}
export const lostPercent = (q: Figures) => {
	const all = (q.received ?? 0) + (q.lost ?? 0);
	return all ? (100 * (q.lost ?? 0)) / all : 0;
};

/** The verdict on a leg: the first sentence is the main one. */
export function verdict(
	q: Figures,
	who: string,
	i: Pick<I18n, 't' | 'number' | 'n' | 'duration'>,
): { tone: Tone; text: string[] } {
	const { t, number, n, duration } = i;
	const one = (v: number) => number(v, { maximumFractionDigits: 1 });
	const out: string[] = [];
	let worst = tone(q.mos ?? 0);
	if (q.auth_failed && !q.received) return { tone: 'bad', text: [t('verdict.key', { who })] };
	if (!q.received)
		return { tone: q.sent ? 'bad' : 'off', text: [t(q.sent ? 'verdict.silent' : 'verdict.none', { who })] };
	if (q.mos) out.push(t(`verdict.${mark(q.mos)}`, { who }));
	const lost = lostPercent(q);
	if (lost >= 0.5) out.push(t(lost >= 3 ? 'verdict.lostMuch' : 'verdict.lost', { percent: one(lost) }));
	if ((q.jitter_ms ?? 0) >= 30) out.push(t('verdict.jitter', { ms: one(q.jitter_ms!) }));
	if ((q.rtt_ms ?? 0) >= 300) out.push(t('verdict.delay', { ms: one(q.rtt_ms!) }));
	if (q.bad_seconds) out.push(t('verdict.badSeconds', { time: duration(q.bad_seconds) }));
	if (q.clipped_seconds) out.push(t('verdict.clipped', { time: duration(q.clipped_seconds) }));
	if (q.auth_failed) out.push(n('verdict.keyed', q.auth_failed));
	if (q.far_mos) {
		out.push(t(`verdict.far.${mark(q.far_mos)}`, { who }));
		if (tone(q.far_mos) === 'bad' || (tone(q.far_mos) === 'warn' && worst === 'good')) worst = tone(q.far_mos);
	}
	if ((q.far_lost_percent ?? 0) >= 0.5) out.push(t('verdict.farLost', { percent: one(q.far_lost_percent!) }));
	return { tone: worst, text: out };
}
