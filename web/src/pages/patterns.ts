// What a pattern for numbers means (src/pbx/plan_pattern.c), while it is typed: its kind, numbers that fit, and whether
// a number does. The server checks it again and has the last word.
import type { Key, Params } from '@/i18n';

export interface Meaning {
	pattern: string;
	/** False: the server would not take it. */
	sound: boolean;
	words: { key: Key; params?: Params };
	/** Numbers that fit it, as they are dialled. */
	examples: string[];
	/** What is left of the first example where the pattern takes something away. */
	sent?: string;
}
type Element = { set: string; open?: false } | { set: ''; open: 'some' | 'any' };

const digits = '0123456789';
const shapes: Record<string, string> = { X: digits, Z: digits.slice(1), N: digits.slice(2) };

/** "[1-5*]" -> "12345*"; null: not a set. */
export function setOf(text: string): string | null {
	let out = '';
	if (!/^[0-9*#-]+$/.test(text)) return null;
	for (let i = 0; i < text.length; i++) {
		const to = text[i + 2];
		if (text[i + 1] === '-' && to !== undefined) {
			for (let c = text.charCodeAt(i); c <= to.charCodeAt(0); c++) out += String.fromCharCode(c);
			i += 2;
		} else out += text[i];
	}
	return out || null;
}

function elements(body: string): { list: Element[]; bar: number } | null {
	const list: Element[] = [];
	let bar = 0;
	for (let i = 0; i < body.length; i++) {
		const c = body[i]!;
		if (c === '|') {
			if (bar || !list.length) return null;
			bar = list.length;
		} else if (c === '[') {
			const end = body.indexOf(']', i);
			const set = end < 0 ? null : setOf(body.slice(i + 1, end));
			if (!set) return null;
			list.push({ set });
			i = end;
		} else if (c === '.' || c === '!') {
			if (i + 1 < body.length) return null;
			list.push({ set: '', open: c === '.' ? 'some' : 'any' });
		} else if (c === '+') {
			if (i) return null;
			list.push({ set: '+' });
		} else if (/[0-9*#]/.test(c)) list.push({ set: c });
		else if (/[XZN]/i.test(c)) list.push({ set: shapes[c.toUpperCase()]! });
		else return null;
	}
	return list.length ? { list, bar } : null;
}

// digits that look like a number when a shape leaves them open
const filler = '30123456789';
function example(list: Element[], seed: number): string {
	let s = '';
	for (const e of list) {
		if (e.open) s += filler.slice(seed, seed + 8);
		else s += e.set.length > 1 ? e.set[(seed * 3 + s.length) % e.set.length] : e.set;
	}
	return s;
}

/** Numbers separated by spaces or commas. */
export const splitPatterns = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

export function meaning(pattern: string): Meaning {
	const bad: Meaning = { pattern, sound: false, words: { key: 'pat.bad' }, examples: [] };
	if (pattern.startsWith('~')) {
		try {
			new RegExp(pattern.slice(1));
			return { pattern, sound: pattern.length > 1, words: { key: 'pat.regex' }, examples: [] };
		} catch {
			return { ...bad, words: { key: 'pat.regexBad' } };
		}
	}
	const exact = pattern.startsWith('=');
	const starred = pattern.startsWith('_');
	const body = exact || starred ? pattern.slice(1) : pattern;
	const e = elements(body);
	if (!e) return bad;
	const dropped = e.bar ? body.slice(0, body.indexOf('|')) : '';
	const rest = (n: string) => (dropped ? { sent: n.slice(e.bar) } : {});
	if (exact) return { pattern, sound: true, words: { key: 'pat.exact', params: { n: body } }, examples: [body] };
	if (!/[XZNxzn.![]/.test(body) && !starred) {
		const start = body.replace('|', '');
		const one = start.startsWith('+') ? `${start}${filler.slice(0, 9)}` : `${start}${filler.slice(0, 8)}`;
		const key: Key = start.startsWith('+') ? 'pat.international' : dropped ? 'pat.prefixDrop' : 'pat.prefix';
		return {
			pattern,
			sound: true,
			words: { key, params: { n: start, drop: dropped } },
			examples: [one],
			...rest(one),
		};
	}
	const examples = [...new Set([example(e.list, 0), example(e.list, 2)])];
	const last = e.list[e.list.length - 1]!;
	const fixed = last.open ? e.list.length - 1 : e.list.length;
	const lead = body.replace('|', '').replace(/[.!]$/, '');
	const literal = /^[0-9*#+]*$/.test(lead);
	const key: Key = !last.open
		? 'pat.length'
		: literal
			? dropped
				? last.open === 'some'
					? 'pat.beginSomeDrop'
					: 'pat.beginAnyDrop'
				: lead === ''
					? 'pat.all'
					: last.open === 'some'
						? 'pat.beginSome'
						: 'pat.beginAny'
			: 'pat.shape';
	return {
		pattern,
		sound: true,
		words: { key, params: { n: lead, count: fixed, drop: dropped } },
		examples,
		...rest(examples[0]!),
	};
}

/** Does a number as it is dialled fit? null: only the server can tell (regular expressions, international forms). */
export function fits(pattern: string, number: string): boolean | null {
	if (pattern.startsWith('~')) {
		try {
			return new RegExp(pattern.slice(1)).test(number) ? true : null;
		} catch {
			return false;
		}
	}
	const exact = pattern.startsWith('=');
	const starred = pattern.startsWith('_');
	const body = exact || starred ? pattern.slice(1) : pattern;
	const e = elements(body);
	if (!e) return false;
	if (body.startsWith('+') && !number.startsWith('+')) return null;
	const shape = exact || starred || /[XZNxzn.![]/.test(body);
	let i = 0;
	for (const x of e.list) {
		if (x.open) return x.open === 'any' || i < number.length;
		if (i >= number.length || !x.set.includes(number[i]!)) return false;
		i++;
	}
	return shape ? i === number.length : true;
}
