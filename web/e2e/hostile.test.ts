// Words of strangers: script, markup, "javascript:", turned writing and endless words in every text field, in names of
// callers and of phones. Nothing of it runs, no policy is even touched, and no page runs out of a small screen.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Schema, SchemaField } from '@/api/types';
import { openBrowser, openPage, Server, signIn, type Client } from './harness';

let server: Server;
let browser: Browser;
let admin: Client;
let schema: Schema;
beforeAll(async () => {
	[server, browser] = await Promise.all([Server.start(), openBrowser()]);
	admin = await server.admin();
	schema = (await admin.send('GET', 'schema')) as unknown as Schema;
});
afterAll(async () => {
	await browser?.close();
	await server?.end();
});

const img = '<img src=x onerror=__hit=1>';
// the first that a field takes is kept; those with script come before those that only look odd
const words = [
	`"'><script>__hit=1</script>${img}\u202e${'W'.repeat(60)}`,
	`"'>${img}<svg onload=__hit=1>\u202eabc`,
	`${img}\u202e`,
	img,
	'javascript:__hit=1//<b>',
	'"><b>\u202ex',
	'<i>\u202e',
	`${'W'.repeat(250)}`,
	`${'W'.repeat(60)}`,
	`${'W'.repeat(30)}`,
];
const plain: Record<string, string> = {
	number: '345',
	network: '192.0.2.7',
	server: '127.0.0.1:9',
	pattern: '0.',
	prefix: '0',
	password: 'long enough for all',
	extension: '101',
	to: '101',
	target: '101',
	trunk: 'provider',
	trunks: 'provider',
};

async function ask(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
	const r = await fetch(`${server.url}/api/v1/${path}`, {
		method,
		headers: { Cookie: admin.cookie, 'X-CSRF-Token': admin.csrf, 'Content-Type': 'application/json' },
		body: JSON.stringify(body),
	});
	return { status: r.status, text: await r.text() };
}

const isText = (f: SchemaField) => f.type === 'text' && !f.readonly;
const rows: [string, string][] = []; // plural, key: what was made
let taken = 0;

/** A row with words of a stranger in all its text fields, as far as each takes them. */
async function fill(r: Schema['resources'][number]) {
	const key = r.fields.find((f) => f.key)!;
	let id = r.only ?? '';
	if (!r.only) {
		const need: Record<string, unknown> = {};
		for (const f of r.fields)
			if (f.required || f.key)
				need[f.name] = f.choices?.[0] ?? (f.type === 'integer' ? (f.min ?? 1) : (plain[f.name] ?? 'provider'));
		if (r.plural === 'users' || r.plural === 'tokens') need['role'] = 'read_only';
		if (r.plural === 'users') need['password'] = plain['password'];
		if (r.plural === 'trunks') need['register'] = false;
		if (r.plural === 'conferences') need['number'] = '845';
		if (r.plural === 'dids') need['number'] = '+4930123456';
		const names = [...(isText(key) ? words : []), String(need[key.name]), 'strange'];
		let last = '';
		for (const name of names) {
			const a = await ask('POST', r.plural, { ...need, [key.name]: name });
			last = a.text;
			if (a.status < 300) {
				id = name;
				break;
			}
		}
		if (!id && key.type === 'choice')
			for (const c of key.choices ?? [])
				if ((await ask('POST', r.plural, { ...need, [key.name]: c })).status < 300) id ||= c;
		expect(id, `${r.plural}: ${last}`).not.toBe('');
	}
	rows.push([r.plural, id]);
	for (const f of r.fields) {
		if (!isText(f) || f.key) continue;
		for (const w of words)
			if ((await ask('PATCH', `${r.plural}/${encodeURIComponent(id)}`, { [f.name]: w })).status < 300) {
				if (w.includes('<')) taken++;
				break;
			}
	}
}

/** A phone that says odd things of itself registers, as far as the server's checks let it. */
async function register(password: string) {
	const s = createSocket('udp4');
	await new Promise<void>((r) => s.bind(0, '127.0.0.1', r));
	const port = s.address().port;
	const md5 = (t: string) => createHash('md5').update(t).digest('hex');
	const uri = `sip:127.0.0.1:${server.sip}`;
	const send = (n: number, auth: string) =>
		s.send(
			[
				`REGISTER ${uri} SIP/2.0`,
				`Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKx${n}`,
				'From: <sip:101@127.0.0.1>;tag=x',
				'To: <sip:101@127.0.0.1>',
				'Call-ID: odd-phone',
				`CSeq: ${n} REGISTER`,
				`Contact: "${img.replace(/"/g, '')}" <sip:101@127.0.0.1:${port};x=%3Cimg%3E>`,
				`User-Agent: "'><script>__hit=1</script>${img} ${'W'.repeat(100)}`,
				'Max-Forwards: 70',
				...(auth ? [auth] : []),
				'Content-Length: 0',
				'',
				'',
			].join('\r\n'),
			server.sip,
			'127.0.0.1',
		);
	const answer = () =>
		new Promise<string>((resolve, reject) => {
			const t = setTimeout(() => reject(new Error('no answer to REGISTER')), 5_000);
			s.once('message', (m) => (clearTimeout(t), resolve(m.toString())));
		});
	let a = answer();
	send(1, '');
	const challenge = await a;
	const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
	const [realm, nonce] = [part('realm'), part('nonce')];
	const response = md5(`${md5(`101:${realm}:${password}`)}:${nonce}:00000001:c:auth:${md5(`REGISTER:${uri}`)}`);
	a = answer();
	send(
		2,
		`Authorization: Digest username="101", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", ` +
			`algorithm=MD5, qop=auth, nc=00000001, cnonce="c"${part('opaque') ? `, opaque="${part('opaque')}"` : ''}`,
	);
	expect(await a).toMatch(/^SIP\/2.0 200 /);
	s.close();
}

async function callAs(name: string) {
	const { password } = (await admin.send('GET', 'extensions/100?secrets=1')) as { password: string };
	const bin = process.env['OFFHOOK'] ?? fileURLToPath(new URL('../../build/offhook', import.meta.url));
	const args = ['phone', '--headless', '--user', '100', '--password', password, '--server', `127.0.0.1:${server.sip}`];
	const child = spawn(bin, [...args, '--name', name, '--call', '599', '--seconds', '1', '--wait', '5'], {
		stdio: 'ignore',
	});
	await new Promise((r) => child.once('exit', r));
}

/** Nothing of a stranger became part of the page. */
async function clean(page: Page, what: string): Promise<string> {
	const shown = await page.waitForSelector('#main h1', { timeout: 5_000 }).catch(() => null);
	if (!shown) return `${what}: no page: ${(await page.innerText('body')).slice(0, 300)}`;
	await page.waitForTimeout(250);
	const found = await page.evaluate(() => ({
		hit: '__hit' in window,
		reports: (window as unknown as { __reports: string[] }).__reports,
		images: document.querySelectorAll('img[src="x"], svg[onload], [onerror]').length,
		links: [...document.querySelectorAll('[href], [src], [action]')].filter((e) =>
			/^\s*(javascript|data:text)/i.test(
				e.getAttribute('href') ?? e.getAttribute('src') ?? e.getAttribute('action') ?? '',
			),
		).length,
		wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		widest: [...document.querySelectorAll('body *')]
			.filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
			.filter((e) => !e.children.length && !e.closest('header'))
			.slice(0, 3)
			.map((e) => `${e.tagName}.${e.className}: ${e.textContent?.slice(0, 40)}`),
		broken: document.body.innerText.includes('[object Object]'),
	}));
	const good = !found.hit && !found.reports.length && !found.images && !found.links && !found.broken && found.wide <= 0;
	return good ? '' : `${what}: ${JSON.stringify(found)}`;
}

test('words of strangers stay words, on every page', async () => {
	const order = ['extensions', 'trunks', 'conferences'];
	const all = [...schema.resources].sort((a, b) => order.indexOf(b.plural) - order.indexOf(a.plural));
	await admin.send('POST', 'trunks', { name: 'provider', server: '127.0.0.1:9', register: false });
	await admin.send('PATCH', 'numbering/main', { country: 'DE' });
	for (const r of all) await fill(r);
	console.log(`${rows.length} rows, markup in ${taken} fields`);
	expect(taken).toBeGreaterThan(8);

	await admin.send('PATCH', 'extensions/100', { name: img });
	await callAs(`${img}<script>__hit=1</script>`);
	await callAs(`\u202e${'W'.repeat(200)}`);
	const { password } = (await admin.send('GET', 'extensions/101?secrets=1')) as { password: string };
	await register(password);
	const calls = ((await admin.send('GET', 'cdr?limit=5')) as { items: { id: string }[] }).items;
	expect(calls.length).toBeGreaterThan(0);

	const { page, faults } = await openPage(browser, 'phone');
	await page.context().addInitScript(() => {
		const w = window as unknown as { __reports: string[] };
		w.__reports = [];
		document.addEventListener('securitypolicyviolation', (e) =>
			w.__reports.push(`${e.violatedDirective} ${e.blockedURI}`),
		);
		window.addEventListener('error', (e) => w.__reports.push(`error ${e.message}`));
	});
	await signIn(page, server.url);
	const paths = [
		'/',
		'/me',
		'/alarms',
		'/registrations',
		'/security',
		'/certificate',
		'/backup',
		'/history',
		'/system',
	];
	paths.push('/recordings', '/welcome', '/calls', ...calls.map((c) => `/calls/${encodeURIComponent(c.id)}`));
	for (const [plural, key] of rows) paths.push(`/${plural}`, `/${plural}/${encodeURIComponent(key)}`);
	const bad: string[] = [];
	for (const p of paths) {
		await page.goto(server.url + p);
		bad.push(await clean(page, p));
	}
	// what comes in the address, and what the search finds
	for (const p of [
		`/extensions?q=${encodeURIComponent(img)}`,
		`/calls?number=${encodeURIComponent(img)}`,
		`/${encodeURIComponent(img)}`,
	]) {
		await page.goto(server.url + p);
		bad.push(await clean(page, p));
	}
	await page.keyboard.press('Control+k');
	await page.getByRole('combobox').first().fill('onerror');
	await page.waitForTimeout(500);
	bad.push(await clean(page, 'search'));
	expect(bad.filter(Boolean)).toEqual([]);
	expect(faults).toEqual([]);
	await page.context().close();
});
