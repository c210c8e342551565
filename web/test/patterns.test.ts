// Patterns as the page explains them while they are typed.
import { expect, test } from 'vitest';
import { fits, meaning, setOf, splitPatterns } from '@/pages/patterns';

test.each([
	['0', '030123', true],
	['0', '130', false],
	['=115', '115', true],
	['=115', '1150', false],
	['NXXXXXX', '2345678', true],
	['NXXXXXX', '1345678', false],
	['NXXXXXX', '23456789', false],
	['0.', '0', false],
	['0.', '01', true],
	['0!', '0', true],
	['9|.', '9123', true],
	['[1-3*]X', '*5', true],
	['[1-3*]X', '45', false],
	['+44', '004420', null],
	['+44', '+4420', true],
	['~^0[1-9]+$', '0123', true],
	['0(', '0', false],
])('%s and %s', (pattern, number, want) => {
	expect(fits(pattern, number)).toBe(want);
});

test.each(['0', '=115', 'NXXXXXX', '0.', '0!', '9|.', '9|', '+44', '[1-5]X.', '.', '!', '_9XX'])(
	'the examples of %s fit it',
	(pattern) => {
		const m = meaning(pattern);
		expect(m.sound).toBe(true);
		expect(m.examples.length).toBeGreaterThan(0);
		for (const e of m.examples) expect(fits(pattern, e), e).toBe(true);
	},
);

test.each(['', '.0', '0+', '|9', '9||1', '[', '[]', '[a]', 'abc', '~(', '~'])('%s is not sound', (pattern) => {
	expect(meaning(pattern).sound).toBe(false);
});

test('what is taken away is shown', () => {
	expect(meaning('9|.').sent).toBe(meaning('9|.').examples[0]!.slice(1));
	expect(meaning('0').sent).toBeUndefined();
});
test('sets and lists', () => {
	expect(setOf('1-4#')).toBe('1234#');
	expect(splitPatterns(' 00, +44  9|.')).toEqual(['00', '+44', '9|.']);
});
