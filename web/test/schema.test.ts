import { expect, test } from 'vitest';
import type { SchemaField, SchemaResource } from '@/api/types';
import { changes, checkField, inSet } from '@/resource/check';

const field = (f: Partial<SchemaField>): SchemaField => ({
	name: 'x',
	type: 'text',
	key: false,
	required: false,
	readonly: false,
	generated: false,
	help: '',
	...f,
});

test.each([
	['0-9', '5', true],
	['0-9', 'a', false],
	['0-9*#', '#', true],
	['0-9+()/. -', '-', true],
	['0-9+()/. -', ' ', true],
	['0-9+()/. -', ',', false],
	['A-Za-z0-9, /._-', '_', true],
	['A-Za-z0-9, /._-', '[', false],
])('characters of %s: %s', (set, c, is) => expect(inSet(set, c)).toBe(is));

test('what is wrong with a value is told by its field', () => {
	const int = field({ type: 'integer', min: 5, max: 600, default: 30 });
	expect(checkField(int, 30, true)).toBeNull();
	expect(checkField(int, '30', true)).toBeNull();
	expect(checkField(int, 4, true)?.key).toBe('field.range');
	expect(checkField(int, 'x', true)?.key).toBe('field.int');
	expect(checkField(int, '', true)?.key).toBe('field.int');
	// without a default it may be left out: the port of a listener
	expect(checkField(field({ type: 'integer', min: 1 }), '', false)).toBeNull();
	const text = field({ required: true, min_length: 2, max_length: 4, characters: '0-9' });
	expect(checkField(text, '', true)?.key).toBe('field.required');
	expect(checkField(text, '1', true)).toEqual({ key: 'field.short', params: { min: 2 } });
	expect(checkField(text, '12345', true)?.key).toBe('field.long');
	expect(checkField(text, '1a', true)).toEqual({ key: 'field.chars', params: { c: 'a' } });
	expect(checkField(field({ max_length: 2 }), '😀😀', true)).toBeNull();
	expect(checkField(field({ type: 'secret', required: true }), undefined, false)).toBeNull();
	expect(checkField(field({ type: 'secret', required: true }), undefined, true)?.key).toBe('field.required');
});

test('only what differs is sent', () => {
	const r = {
		fields: [
			field({ name: 'a' }),
			field({ name: 'n', type: 'integer' }),
			field({ name: 's', type: 'secret' }),
			field({ name: 'c', type: 'time', readonly: true }),
		],
	} as SchemaResource;
	const base = { a: 'x', n: 3, c: 1 };
	expect(changes(r, base, { a: 'x', n: 3, s: undefined, c: 2 })).toEqual({});
	expect(changes(r, base, { a: ' x ', n: '3' })).toEqual({});
	expect(changes(r, base, { a: '', n: '4', s: 'new' })).toEqual({ a: '', n: 4, s: 'new' });
});
