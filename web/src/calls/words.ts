// A call in sentences.
import type { Cdr } from '@/api/types';
import type { I18n } from '@/i18n';

const named = (number: string | null | undefined, name: string | null | undefined, hidden: string) =>
	name && number ? `${name} (${number})` : name || number || hidden;

/** Names of the two ends, as the legs know them. */
export function ends(c: Cdr, hidden: string): { from: string; to: string; by: string } {
	const leg = (n: string | null | undefined) => c.legs?.find((l) => l.outgoing && l.number === n)?.name;
	const answered = c.answered_by || c.to;
	return {
		from: named(c.from, c.from_name, hidden),
		to: named(c.to, leg(c.to), hidden),
		by: named(answered, leg(answered), hidden),
	};
}

export function summary(c: Cdr, i: Pick<I18n, 't' | 'date' | 'duration'>): string[] {
	const { t, date, duration } = i;
	const e = ends(c, t('who.hidden'));
	const out = [
		t('sum.call', { from: e.from, to: e.to, when: date(c.start_ms, { dateStyle: 'full', timeStyle: 'short' }) }),
	];
	if (c.diverted) out.push(t('sum.diverted', { who: c.diverted }));
	const wait = Math.round(((c.answer_ms ?? c.start_ms) - c.start_ms) / 1000);
	if (c.answer_ms)
		out.push(
			wait >= 1 ? t('sum.answered', { who: e.by, time: duration(wait) }) : t('sum.answeredAtOnce', { who: e.by }),
		);
	for (const m of c.transfers ?? []) out.push(t('sum.transfer', { by: m.by, to: m.to }));
	if (c.final === false) {
		out.push(t('sum.running'));
		return out;
	}
	if (c.answer_ms) out.push(t('sum.talked', { time: duration(Math.round(c.talk_ms / 1000)) }));
	else {
		const key = `sum.${c.outcome.replace(' ', '_')}`;
		out.push(
			key === 'sum.no_answer' ||
				key === 'sum.busy' ||
				key === 'sum.cancelled' ||
				key === 'sum.declined' ||
				key === 'sum.unreachable'
				? t(key, { from: e.from, to: e.to, time: duration(Math.round(c.duration_ms / 1000)) })
				: t('sum.failed'),
		);
	}
	if (c.answer_ms && c.ended_by === 'caller') out.push(t('sum.hungUp', { who: e.from }));
	else if (c.answer_ms && c.ended_by === 'callee') out.push(t('sum.hungUp', { who: e.by }));
	return out;
}
