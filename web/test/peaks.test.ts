// From sound to a waveform, and where keys take the player.
import { expect, test } from 'vitest';
import { drawn, peaksOf, seekByKey, waveformOf } from '@/recordings/peaks';
import { dayAfter, startOfDay } from '@/recordings/days';

test('each part has its loudest sample', () => {
	const s = new Float32Array([0, 0.5, -0.75, 0, 0.25, 0, 0, -1.5]);
	expect([...peaksOf(s, 4)]).toEqual([0.5, 0.75, 0.25, 1]);
});

test('fewer samples than parts: nothing is read beyond the end', () => {
	const p = peaksOf(new Float32Array([1, 0.5]), 5);
	expect(p).toHaveLength(5);
	expect([...p].every((v) => v >= 0 && v <= 1)).toBe(true);
	expect([...peaksOf(new Float32Array(0), 3)]).toEqual([0, 0, 0]);
});

test('the loudest of both channels is the measure', () => {
	const w = waveformOf([new Float32Array([0.1, 0.2]), new Float32Array([-0.4, 0])], 2);
	expect(w.channels).toHaveLength(2);
	expect(w.max).toBeCloseTo(0.4);
});

test('silence stays silence, and what is quiet is seen', () => {
	expect(drawn(0.001, 1)).toBe(0);
	expect(drawn(0.04, 1)).toBeCloseTo(0.2);
	expect(drawn(1, 1)).toBe(1);
	// a recording of noise alone is not drawn as if it were loud
	expect(drawn(0.01, 0.01)).toBeLessThan(0.5);
});

test.each([
	['ArrowRight', false, 15],
	['ArrowRight', true, 11],
	['ArrowLeft', false, 5],
	['PageUp', false, 40],
	['PageDown', false, 0],
	['Home', false, 0],
	['End', false, 60],
	['x', false, null],
])('key %s, shift %s', (key, shift, want) => {
	expect(seekByKey(key, shift, 10, 60)).toBe(want);
});
test('no key leads beyond the ends', () => {
	expect(seekByKey('ArrowRight', false, 58, 60)).toBe(60);
	expect(seekByKey('ArrowLeft', false, 2, 60)).toBe(0);
});

test('a day begins at midnight, and ends when the next one does', () => {
	expect(new Date(startOfDay('2026-01-31')!).getHours()).toBe(0);
	expect(new Date(dayAfter('2026-01-31')!).getDate()).toBe(1);
	expect(startOfDay('')).toBeUndefined();
	expect(dayAfter('31.1.2026')).toBeUndefined();
});
