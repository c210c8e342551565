import { expect, test } from 'vitest';
import { queryString, readError } from '@/api/client';
import { backoff, EventClient, type LiveEvent, type Socket } from '@/api/events';
import { merge } from '@/api/live';
import { atLeast } from '@/api/types';

test('a query has what is set, and nothing else', () => {
	expect(queryString(undefined)).toBe('');
	expect(queryString({ q: 'a b&c', after: null, limit: 50, sort: '', dry: true, off: false })).toBe(
		'?q=a+b%26c&limit=50&dry=1&off=0',
	);
});

test('errors name every wrong field, and survive answers that are none', () => {
	const e = readError(
		422,
		{
			error: {
				code: 'invalid',
				message: 'No.',
				fields: [
					{ field: 'a', message: 'x' },
					{ field: 'b', message: 'y' },
				],
			},
		},
		null,
	);
	expect([e.status, e.code, e.message, e.fields.length]).toEqual([422, 'invalid', 'No.', 2]);
	expect(readError(422, { error: { code: 'invalid', message: 'No.', field: 'a' } }, null).fields).toEqual([
		{ field: 'a', message: 'No.' },
	]);
	expect(readError(502, '<html>', '7')).toMatchObject({ status: 502, code: 'http_502', retryAfter: 7, fields: [] });
	expect(readError(500, null, null).fields).toEqual([]);
	expect(readError(500, { error: 'x' }, null).code).toBe('http_500');
});

test('roles include those below', () => {
	expect(atLeast('manager', 'read_only')).toBe(true);
	expect(atLeast('user', 'read_only')).toBe(false);
});

test('items of a live list are replaced, added and taken away', () => {
	const list = [
		{ id: 'a', n: 1 },
		{ id: 'b', n: 2 },
	];
	const is = (id: string) => (x: { id: string }) => x.id === id;
	expect(merge(list, { id: 'b', n: 3 }, is('b'), false)).toEqual([
		{ id: 'a', n: 1 },
		{ id: 'b', n: 3 },
	]);
	expect(merge(list, { id: 'c', n: 9 }, is('c'), false)).toHaveLength(3);
	expect(merge(list, { id: 'a', n: 1 }, is('a'), true)).toEqual([{ id: 'b', n: 2 }]);
	expect(merge(list, { id: 'z', n: 1 }, is('z'), true)).toBe(list);
});

test('new tries wait longer and longer, up to 15 s', () => {
	expect(backoff(0, () => 1)).toBe(500);
	expect(backoff(3, () => 1)).toBe(4000);
	expect(backoff(30, () => 1)).toBe(15000);
	expect(backoff(30, () => 0)).toBe(7500);
});

class FakeSocket implements Socket {
	sent: string[] = [];
	onopen: (() => void) | null = null;
	onmessage: ((m: { data: string }) => void) | null = null;
	onclose: ((e: { code: number }) => void) | null = null;
	send(s: string) {
		this.sent.push(s);
	}
	close() {
		this.onclose?.({ code: 1000 });
	}
}

test('after a break it goes on behind the last event, and says when some are lost', async () => {
	const sockets: FakeSocket[] = [];
	const seen: LiveEvent[] = [];
	let lost = 0;
	const c = new EventClient(
		['call'],
		{ event: (e) => seen.push(e), lost: () => lost++, state: () => {}, nobody: () => {} },
		() => {
			sockets.push(new FakeSocket());
			return sockets.at(-1)!;
		},
		() => 0,
	);
	c.start();
	sockets[0]!.onopen!();
	expect(JSON.parse(sockets[0]!.sent[0]!)).toEqual({ topics: ['call'] });
	sockets[0]!.onmessage!({ data: JSON.stringify({ seq: 7, events: [{ seq: 7, at_ms: 1, topic: 'call', key: 'x' }] }) });
	expect(seen.map((e) => e.key)).toEqual(['x']);
	sockets[0]!.onclose!({ code: 1006 });
	await new Promise((r) => setTimeout(r, 5));
	expect(sockets).toHaveLength(2);
	sockets[1]!.onopen!();
	expect(JSON.parse(sockets[1]!.sent[0]!)).toEqual({ topics: ['call'], since: 7 });
	sockets[1]!.onmessage!({ data: '{"lost":true}' });
	expect(lost).toBe(1);
	c.stop();
	await new Promise((r) => setTimeout(r, 5));
	expect(sockets).toHaveLength(2);
});

test('whom the server turns away is not tried again', async () => {
	let opened = 0;
	let nobody = 0;
	const s = new FakeSocket();
	const c = new EventClient(
		['call'],
		{ event: () => {}, lost: () => {}, state: () => {}, nobody: () => nobody++ },
		() => (opened++, s),
		() => 0,
	);
	c.start();
	s.onclose!({ code: 4401 });
	await new Promise((r) => setTimeout(r, 5));
	expect([opened, nobody]).toEqual([1, 1]);
});
