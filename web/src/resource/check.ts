// The checks of the schema, done here as well, so that a form can say what is wrong before anything is sent, in the
// language of the page. The server checks all of it again and has the last word.
import type { Key, Params } from '@/i18n';
import type { SchemaField, SchemaResource, Value } from '@/api/types';

export interface Fault {
	key: Key;
	params?: Params;
}

/** Is `c` one of the characters of a set like "0-9*#"? A '-' stands for a range between two others, else for itself. */
export function inSet(set: string, c: string): boolean {
	const p = [...set];
	for (let i = 0; i < p.length; i++) {
		if (p[i + 1] === '-' && i + 2 < p.length) {
			if (c >= p[i]! && c <= p[i + 2]!) return true;
			i += 2;
		} else if (p[i] === c) return true;
	}
	return false;
}

function checkText(f: SchemaField, s: string): Fault | null {
	const length = [...s].length;
	if (f.min_length && length < f.min_length) return { key: 'field.short', params: { min: f.min_length } };
	if (f.max_length && length > f.max_length) return { key: 'field.long', params: { max: f.max_length } };
	const bad = f.characters ? [...s].find((c) => !inSet(f.characters!, c)) : undefined;
	return bad === undefined ? null : { key: 'field.chars', params: { c: bad === ' ' ? '␣' : bad } };
}

/** A number that may be left out has no default either: a port, an age. */
const mayBeUnset = (f: SchemaField) => !f.required && (f.default === undefined || f.default === null);

/** What is wrong with a value as it stands in a form; null: nothing. */
export function checkField(f: SchemaField, v: Value | undefined, create: boolean): Fault | null {
	const required = f.required;
	if (v === undefined || v === null || v === '') {
		const may = !required || (!create && (f.type === 'secret' || f.type === 'password') && v === undefined);
		if (f.type === 'integer' && v === '' && !mayBeUnset(f)) return { key: 'field.int' };
		return may ? null : { key: 'field.required' };
	}
	switch (f.type) {
		case 'integer': {
			const n = typeof v === 'number' ? v : /^-?\d+$/.test(String(v).trim()) ? Number(v) : NaN;
			if (!Number.isSafeInteger(n)) return { key: 'field.int' };
			if ((f.min !== undefined && n < f.min) || (f.max !== undefined && n > f.max))
				return { key: 'field.range', params: { min: f.min ?? '−∞', max: f.max ?? '∞' } };
			return null;
		}
		case 'text':
		case 'secret':
		case 'password':
			return checkText(f, String(v));
		default:
			return null;
	}
}

/** A value of a form as the server wants it. */
export function normalise(f: SchemaField, v: Value | undefined): Value | undefined {
	if (v === undefined || v === null) return v;
	if (f.type === 'integer' && v === '' && mayBeUnset(f)) return null;
	if (f.type === 'integer') return typeof v === 'number' ? v : Number(v);
	if (f.type === 'text') return String(v).trim();
	return v;
}

/** Fields of `values` that differ from `base`. */
export function changes(r: SchemaResource, base: Record<string, Value>, values: Record<string, Value | undefined>) {
	const out: Record<string, Value> = {};
	for (const f of r.fields) {
		const v = normalise(f, values[f.name]);
		if (f.readonly) continue;
		// null of a secret takes it away, and nobody knows whether there is one; of all else it is as nothing
		const hidden = f.type === 'secret' || f.type === 'password';
		const none = f.type === 'text' ? '' : hidden ? undefined : null;
		if (v !== undefined && v !== (base[f.name] ?? none)) out[f.name] = v;
	}
	return out;
}
