// Calls by the hour, GET /stats/hours, as rows of a picture: each hour of the time asked for, also those without calls.

export interface HourRow {
	hour_ms: number;
	direction?: string;
	calls: number;
	answered: number;
	mos?: number | null;
	mos_n?: number;
	bad?: number;
}
export interface Hour {
	at_s: number;
	calls: number;
	answered: number;
	mos: number | null;
}
const hour = 3_600_000;

/** The beginning of the day, or of the day six days before: where the picture begins. */
export function beginning(span: 'today' | 'week', now = new Date()): number {
	return new Date(now.getFullYear(), now.getMonth(), now.getDate() - (span === 'week' ? 6 : 0)).getTime();
}

/** Rows of one hour (by direction) become one; the MOS is the mean over all legs of that hour. */
export function everyHour(rows: HourRow[], since_ms: number, until_ms: number): Hour[] {
	const sums = new Map<number, { calls: number; answered: number; mos: number; n: number }>();
	for (const r of rows) {
		const at = Math.floor(r.hour_ms / hour) * hour;
		const s = sums.get(at) ?? { calls: 0, answered: 0, mos: 0, n: 0 };
		const n = r.mos ? (r.mos_n ?? 1) : 0;
		sums.set(at, {
			calls: s.calls + r.calls,
			answered: s.answered + r.answered,
			mos: s.mos + (r.mos ?? 0) * n,
			n: s.n + n,
		});
	}
	const out: Hour[] = [];
	for (let at = Math.floor(since_ms / hour) * hour; at < until_ms; at += hour) {
		const s = sums.get(at);
		out.push({ at_s: at / 1000, calls: s?.calls ?? 0, answered: s?.answered ?? 0, mos: s?.n ? s.mos / s.n : null });
	}
	return out;
}
