// Days of date fields as moments.

/** "2026-01-31" of a date field as the moment when that day begins here. */
export function startOfDay(day: string): number | undefined {
	const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
	return m ? new Date(Number(m[1]), Number(m[2]) - 1, Number(m[3])).getTime() : undefined;
}
/** When the next day begins; not always 24 hours later. */
export function dayAfter(day: string): number | undefined {
	const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
	return m ? new Date(Number(m[1]), Number(m[2]) - 1, Number(m[3]) + 1).getTime() : undefined;
}
