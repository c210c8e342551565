// What the pages of calls make of figures, records and messages.
import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { applyEvent } from '@/api/live';
import type { Cdr, CallMessages, Registration } from '@/api/types';
import { dayEnd, searched } from '@/calls/history';
import { beginning, everyHour } from '@/calls/hours';
import { arrowText, kindOf, lanes } from '@/calls/ladder';
import { addSecond, curves } from '@/calls/over-time';
import { mark, tone, verdict } from '@/calls/quality';
import { summary } from '@/calls/words';
import { fill, makeI18n } from '@/i18n';
import { en } from '@/i18n/en';
import { zh } from '@/i18n/zh';
import { fits } from '@/pages/registrations';
import { alarmPath } from '@/shell/alarm';

const i18n = makeI18n('en', { texts: en, schema: {} }, () => {});

test('a MOS has a word and a colour', () => {
	expect([4.4, 3.7, 3.2, 2.7, 1.5].map(mark)).toEqual(['great', 'good', 'fair', 'poor', 'bad']);
	expect([4.4, 3.2, 1.5, 0].map(tone)).toEqual(['good', 'warn', 'bad', 'off']);
});

test('the verdict names what is wrong, the worst first', () => {
	const say = (q: Parameters<typeof verdict>[0]) => verdict(q, 'Maria', i18n);
	expect(say({ received: 500, sent: 500, mos: 4.4 })).toEqual({ tone: 'good', text: ['Maria was heard very well.'] });
	const bad = say({ received: 90, lost: 10, mos: 2.1, jitter_ms: 45, far_mos: 4.2 });
	expect(bad.tone).toBe('bad');
	expect(bad.text.join(' ')).toMatch(
		/hardly be understood.*10 % of the packets were lost: words are missing.*45 ms.*heard was very good/,
	);
	expect(say({ received: 0, sent: 300 }).text[0]).toMatch(/Nothing was heard from Maria/);
	expect(say({ received: 0, sent: 300, auth_failed: 300 }).text[0]).toMatch(/encryption/);
	expect(say({ received: 500, sent: 500, mos: 4.4, far_mos: 2 }).tone).toBe('bad');
});

test('what is searched is a number or a name', () => {
	expect(searched(' 101 ')).toEqual({ number: '101' });
	expect(searched('+49 (30) 123-45')).toEqual({ number: '+493012345' });
	expect(searched('*43')).toEqual({ number: '*43' });
	expect(searched('Maria 2')).toEqual({ name: 'Maria 2' });
	expect(searched('  ')).toEqual({});
	expect(dayEnd('2026-11-22')).toBe('2026-11-22T23:59:59');
	expect(dayEnd('')).toBe('');
});

test('hours without calls are there, directions of an hour are one', () => {
	const h = 3_600_000;
	const list = everyHour(
		[
			{ hour_ms: 10 * h, direction: 'in', calls: 3, answered: 2, mos: 4, mos_n: 2 },
			{ hour_ms: 10 * h, direction: 'out', calls: 1, answered: 1, mos: 1, mos_n: 1 },
			{ hour_ms: 12 * h, direction: 'in', calls: 2, answered: 0, mos: null, mos_n: 0 },
		],
		9 * h,
		13 * h,
	);
	expect(list.map((x) => [x.at_s / 3600, x.calls, x.answered, x.mos])).toEqual([
		[9, 0, 0, null],
		[10, 4, 3, 3],
		[11, 0, 0, null],
		[12, 2, 0, null],
	]);
	const noon = new Date(2026, 10, 22, 12, 30);
	expect(beginning('today', noon)).toBe(new Date(2026, 10, 22).getTime());
	expect(beginning('week', noon)).toBe(new Date(2026, 10, 16).getTime());
});

test('the ladder: callers left, called right, arrows short and coloured', () => {
	const leg = (n: number, outgoing: boolean) => ({
		leg: n,
		number: String(n),
		device: '',
		call_id: '',
		outgoing,
		peer: '',
	});
	const data: CallMessages = { legs: [leg(0, false), leg(1, true), leg(2, true)], messages: [], dropped: false };
	expect(lanes(data, null)).toEqual({ order: [0, -1, 1, 2], middle: 1 });
	expect(lanes(data, 2)).toEqual({ order: [-1, 2], middle: 0 });
	expect(['INVITE sip:1@x', '100 Trying', '200 OK (INVITE)', '407 Proxy', '486 Busy'].map(kindOf)).toEqual([
		'request',
		'progress',
		'good',
		'challenge',
		'bad',
	]);
	expect(arrowText({ summary: 'INVITE sip:101@192.0.2.1:5060;transport=udp', body: 'application/sdp' })).toBe(
		'INVITE 101 · SDP',
	);
	expect(arrowText({ summary: 'x'.repeat(90), body: '' }, 20)).toHaveLength(20);
});

test('curves of the sound: kept ones, and seconds that come', () => {
	const kept = curves([
		{
			number: '100',
			outgoing: false,
			series: { start_ms: 1000, every_ms: 5000, n: 2, mos: [4.4, 0], jitter_ms: [1, 2] },
		},
		{ number: '101', outgoing: true },
	]);
	expect(kept[0]!.points).toEqual([
		{ at_ms: 1000, mos: 4.4, lost_percent: 0, jitter_ms: 1 },
		{ at_ms: 6000, mos: null, lost_percent: 0, jitter_ms: 2 },
	]);
	expect(kept[1]!.points).toEqual([]);
	const second = (at_ms: number) => ({
		at_ms,
		data: { legs: [{ number: '100', outgoing: false, mos_now: 4, jitter_ms: 3 }] },
	});
	let live = addSecond([], second(1000));
	live = addSecond(live, second(1000));
	for (let s = 2; s < 20; s++) live = addSecond(live, second(s * 1000), 10);
	expect(live).toHaveLength(1);
	expect(live[0]!.points).toHaveLength(10);
	expect(live[0]!.points.at(-1)).toEqual({ at_ms: 19000, mos: 4, lost_percent: null, jitter_ms: 3 });
});

test('a call in sentences', () => {
	const c: Cdr = {
		id: 'x',
		from: '100',
		from_name: 'Kitchen',
		to: '101',
		answered_by: '101',
		start_ms: 1_795_340_505_426,
		answer_ms: 1_795_340_509_426,
		outcome: 'answered',
		reason: '100 hung up',
		ended_by: 'caller',
		final: true,
		duration_ms: 69_000,
		talk_ms: 65_000,
		legs: [],
	};
	const text = summary(c, i18n).join(' ');
	expect(text).toMatch(/^Kitchen \(100\) called 101 on /);
	expect(text).toMatch(/101 answered after 4 sec\. They talked for 1 min 5 sec\. Kitchen \(100\) hung up\.$/);
	const lost = summary({ ...c, answer_ms: null, outcome: 'busy', talk_ms: 0 }, i18n).join(' ');
	expect(lost).toMatch(/The line of 101 was busy\.$/);
	expect(summary({ ...c, answer_ms: null, outcome: 'something new' }, i18n).at(-1)).toBe(
		'The call could not be set up.',
	);
});

test('alarms lead to where their cause is seen', () => {
	expect(alarmPath('trunk.provider 1')).toBe('/trunks/provider%201');
	expect(alarmPath('brake.total')).toBe('/brakes');
	expect(alarmPath('conference.800')).toBe('/conferences/800');
	expect(alarmPath('overload')).toBeNull();
});

test('a phone is found by any of its words', () => {
	const r = {
		extension: '101',
		name: 'Maria',
		user_agent: 'Snom 720',
		source: '192.0.2.7:5060',
		transport: 'udp',
	} as Registration;
	expect(fits(r, 'maria snom')).toBe(true);
	expect(fits(r, '192.0.2')).toBe(true);
	expect(fits(r, 'maria yealink')).toBe(false);
});

test('live events change what the pages show', () => {
	const client = new QueryClient();
	const at = { seq: 1, at_ms: 1 };
	const ids = () =>
		client.getQueryData<{ items: { id: string; state: string }[] }>(['calls'])!.items.map((c) => `${c.id} ${c.state}`);
	client.setQueryData(['calls'], { items: [], next: null });
	client.setQueryData(['alarms'], { items: [], next: null });
	client.setQueryData(['status'], { calls: 0, alarms: [], extensions: 2 });
	applyEvent(client, { ...at, topic: 'call', key: 'a', data: { id: 'a', state: 'ringing', legs: [] } });
	applyEvent(client, { ...at, topic: 'call', key: 'b', data: { id: 'b', state: 'up', legs: [] } });
	applyEvent(client, { ...at, topic: 'call', key: 'a', data: { id: 'a', state: 'up', legs: [] } });
	expect(ids()).toEqual(['a up', 'b up']);
	applyEvent(client, { ...at, topic: 'call', key: 'a', data: { id: 'a', state: 'ended' } });
	expect(ids()).toEqual(['b up']);
	applyEvent(client, { ...at, topic: 'alarm', key: 'disk', data: { text: 'full' } });
	expect(client.getQueryData(['alarms'])).toEqual({ items: [{ id: 'disk', text: 'full' }], next: null });
	applyEvent(client, { ...at, topic: 'alarm', key: 'disk', data: { cleared: true } });
	expect(client.getQueryData(['alarms'])).toEqual({ items: [], next: null });
	applyEvent(client, { ...at, topic: 'system', key: 'system', data: { calls: 3, alarms: 1, cpu_percent: 2 } });
	expect(client.getQueryData(['status'])).toMatchObject({ calls: 3, alarms: [], extensions: 2 });
	expect(client.getQueryData(['system'])).toMatchObject({ cpu_percent: 2, at_ms: 1 });
});

test('both languages put the same values in the same texts', () => {
	const names = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort();
	for (const k of Object.keys(en) as (keyof typeof en)[])
		expect(
			[...new Set(names(zh[k]))].filter((n) => !names(en[k]).includes(n) && n !== 'n'),
			k,
		).toEqual([]);
	expect(fill('{a} {b}', { a: 1 })).toBe('1 {b}');
});
