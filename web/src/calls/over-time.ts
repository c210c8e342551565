// How a call sounded, second by second: GET /calls/ID/quality, or what a live call tells of itself.
import type { LiveEvent } from '@/api/events';
import type { CallLeg } from '@/api/types';

export interface Point {
	at_ms: number;
	mos: number | null;
	lost_percent: number | null;
	jitter_ms: number | null;
}
export interface LegPoints {
	number: string;
	outgoing: boolean;
	points: Point[];
}

/** A leg as GET /calls/ID/quality has it. A curve that is not there is 0 all the time. */
export interface QualityLeg {
	number?: string;
	outgoing?: boolean;
	series?: {
		start_ms: number;
		every_ms: number;
		n: number;
		mos?: number[];
		lost_percent?: number[];
		jitter_ms?: number[];
	};
}
export function curves(legs: QualityLeg[]): LegPoints[] {
	return legs.map(({ number, outgoing, series: s }) => ({
		number: number ?? '',
		outgoing: outgoing === true,
		points: Array.from({ length: s?.n ?? 0 }, (_, i) => ({
			at_ms: s!.start_ms + i * s!.every_ms,
			mos: s!.mos?.[i] || null,
			lost_percent: s!.lost_percent?.[i] ?? 0,
			jitter_ms: s!.jitter_ms?.[i] ?? 0,
		})),
	}));
}

/** A second of a live call, added to what is there already; no more than half an hour is kept. */
export function addSecond(legs: LegPoints[], e: Pick<LiveEvent, 'at_ms' | 'data'>, keep = 1800): LegPoints[] {
	const out = legs.map((l) => ({ ...l }));
	for (const q of (e.data['legs'] ?? []) as Partial<CallLeg>[]) {
		let leg = out.find((l) => l.outgoing === q.outgoing && l.number === (q.number ?? ''));
		if (!leg) out.push((leg = { number: q.number ?? '', outgoing: q.outgoing === true, points: [] }));
		if ((leg.points.at(-1)?.at_ms ?? 0) >= e.at_ms) continue;
		leg.points = [
			...leg.points.slice(1 - keep),
			{
				at_ms: e.at_ms,
				mos: q.mos_now || null,
				lost_percent: q.lost_percent_now ?? null,
				jitter_ms: q.jitter_ms ?? null,
			},
		];
	}
	return out;
}
