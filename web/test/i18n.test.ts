import { expect, test } from 'vitest';
import { browserLanguage, clock, fill, humanise, makeI18n } from '@/i18n';
import { en } from '@/i18n/en';
import { zh } from '@/i18n/zh';

test('the language is what the browser asks for first', () => {
	expect(browserLanguage(['zh-CN', 'en'])).toBe('zh');
	expect(browserLanguage(['de-DE', 'en-US', 'zh'])).toBe('en');
	expect(browserLanguage(['fr'])).toBe('en');
	expect(browserLanguage([])).toBe('en');
});

test('both languages have the same values in their texts', () => {
	const names = (s: string) => [...new Set(s.match(/\{\w+\}/g) ?? [])].sort();
	for (const k of Object.keys(en) as (keyof typeof en)[]) {
		expect(zh[k], k).toBeTruthy();
		const one = k.endsWith('.one');
		if (!one) expect(names(zh[k]), k).toEqual(names(en[k]));
	}
});

test('texts are filled, and numbers choose their form', () => {
	expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}');
	const i = makeI18n('en', { texts: en, schema: {} }, () => {});
	expect(i.n('head.alarms', 1)).toBe('1 alarm');
	expect(i.n('head.alarms', 2)).toBe('2 alarms');
	const z = makeI18n('zh', { texts: zh, schema: {} }, () => {});
	expect(z.n('head.alarms', 1)).toBe('1 条告警');
});

test('times and sizes', () => {
	expect([clock(5), clock(65), clock(3725), clock(-1)]).toEqual(['0:05', '1:05', '1:02:05', '0:00']);
	const i = makeI18n('en', { texts: en, schema: {} }, () => {});
	expect(i.duration(93784)).toBe('1 day 2 hr');
	expect(i.duration(0)).toBe('0 sec');
});

test('names of fields become words', () => {
	expect(humanise('call_limit')).toBe('Call limit');
	expect(humanise('admin_pin')).toBe('Admin PIN');
	expect(humanise('best_effort')).toBe('Best effort');
});
