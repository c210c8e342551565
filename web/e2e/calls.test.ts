// Home, calls, one call, phones online, alarms: with real phones that register, call and talk.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modes, openBrowser, openPage, password, Server, signIn, type Client, type Mode } from './harness';

let server: Server;
let browser: Browser;
let admin: Client;
const phones: ChildProcess[] = [];

const secret = 'a7Secret4phones';
/** A phone of this machine; ends by itself, and with the tests at the latest. */
function phone(user: string, ...args: string[]): ChildProcess {
	const bin = process.env['OFFHOOK'] ?? fileURLToPath(new URL('../../build/offhook', import.meta.url));
	const all = ['phone', '--headless', '--server', `127.0.0.1:${server.sip}`, '--listen', '127.0.0.1'];
	const p = spawn(bin, [...all, '--user', user, '--password', secret, '--tone', '440', ...args], { stdio: 'ignore' });
	phones.push(p);
	return p;
}
const over = (p: ChildProcess) => (p.exitCode !== null ? Promise.resolve() : new Promise((r) => p.once('exit', r)));
async function until(what: string, is: () => Promise<boolean>) {
	for (let i = 0; i < 150; i++) {
		if (await is()) return;
		await new Promise((r) => setTimeout(r, 100));
	}
	throw new Error(`it did not come to this: ${what}`);
}
const items = async (path: string) => (await admin.send('GET', path))['items'] as Record<string, unknown>[];
const registered = (n: string) =>
	until(`${n} is registered`, async () => (await items(`registrations?extension=${n}`)).length > 0);
/** From one phone to another; both talk until `end`. */
async function call(from: string, to: string, seconds = '120') {
	phone(to, '--answer', '--wait', '60');
	await registered(to);
	const p = phone(from, '--call', to, '--seconds', seconds);
	await until('they talk', async () =>
		(await items('calls')).some((c) => c['from'] === from && c['to'] === to && c['state'] === 'up'),
	);
	return p;
}

beforeAll(async () => {
	[server, browser] = await Promise.all([Server.start(), openBrowser()]);
	admin = await server.admin();
	for (const [number, name] of [
		['100', 'Kitchen'],
		['101', 'Maria <b>bold</b>'],
	])
		await admin.send('PATCH', `extensions/${number}`, { name, password: secret });
	for (const [number, name] of [
		['102', 'Workshop'],
		['103', 'Tom'],
	])
		await admin.send('POST', 'extensions', { number, name, password: secret });
	await admin.send('PATCH', 'settings/main', { first_steps: 'done' });
	await admin.send('POST', 'users', { name: 'reader', password, role: 'read_only' });
	await admin.send('POST', 'users', { name: 'maria', password, role: 'user', extension: '101' });
});
afterAll(async () => {
	for (const p of phones) p.kill();
	await browser?.close();
	await server?.end();
});

async function clean(page: Page, what: string) {
	await page.waitForTimeout(350);
	const r = await new AxeBuilder({ page }).analyze();
	const bad = r.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
	expect(bad.map((v) => `${what}: ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([]);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	expect(wide, `${what} is wider than the screen`).toBeLessThanOrEqual(0);
}

test('a newcomer is told what comes next, and can hide it', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, server.url);
	const next = page.getByRole('region', { name: 'What next' });
	await next.getByText('Try *43').waitFor();
	expect(await next.getByRole('link', { name: 'Add a provider' }).getAttribute('href')).toBe('/trunks/new');
	await page.getByText('Nobody is on the phone').waitFor();
	await page.getByText('No calls in this time yet.').waitFor();
	await clean(page, 'home, new');
	await next.getByRole('button', { name: 'Hide this list' }).click();
	await next.waitFor({ state: 'detached' });
	await page.reload();
	await page.getByText('Nobody is on the phone').waitFor();
	expect(await next.count()).toBe(0);
	expect(faults).toEqual([]);
	await page.context().close();
});

test('a call is seen while it goes on, with its sound, and is hung up', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, server.url);
	await page.getByText('Nobody is on the phone').waitFor();
	const caller = await call('100', '101');
	const now = page.getByRole('region', { name: 'Calls now' }).first();
	await now.getByText('Talking').waitFor();
	await now.getByText('Maria <b>bold</b>').waitFor();
	await now.getByText(/Very good|Good/).waitFor();
	await now.getByText(/lost · jitter \d+ ms/).waitFor();
	await page.getByRole('link', { name: '2 of 4' }).waitFor();
	await now.getByRole('button', { name: /^Actions: Kitchen/ }).click();
	await page.getByRole('menuitem', { name: 'Put Kitchen on hold' }).click();
	await now.getByText('On hold').waitFor();
	await now.getByRole('button', { name: /^Actions: Kitchen/ }).click();
	await page.getByRole('menuitem', { name: 'End the hold' }).click();
	await now.getByText('Talking').waitFor();
	await now.getByRole('button', { name: /^Actions: Kitchen/ }).click();
	await page.getByRole('menuitem', { name: 'Record' }).click();
	await now.getByText('Recording', { exact: true }).waitFor();

	// its own page, live
	await now.getByRole('link', { name: /Kitchen/ }).click();
	await page.getByText('They are still talking.').waitFor();
	await page.getByText('Kitchen was heard very well.').waitFor();
	await page.getByRole('figure', { name: 'How Kitchen sounded, over time' }).waitFor();
	await page.getByRole('button', { name: 'Hang up' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
	await over(caller);
	await page.getByText(/They talked for/).waitFor({ timeout: 20_000 });
	await page.getByRole('button', { name: 'Listen' }).click();
	await page.getByRole('slider').first().waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('one call: messages as a ladder, read by mouse and keyboard, and the file for Wireshark', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, server.url);
	await page.getByRole('link', { name: 'Calls', exact: true }).first().click();
	await page.locator('tbody tr', { hasText: 'Talked' }).first().locator('a').first().click();
	await page
		.getByRole('button', { name: /from 100: INVITE/ })
		.first()
		.click();
	const box = page.getByRole('dialog');
	await box
		.getByText(/^INVITE sip:101@/)
		.first()
		.waitFor();
	await box.getByRole('button', { name: 'Next' }).click();
	await box.getByText(/SIP\/2\.0 407/).waitFor();
	expect(await box.innerText()).not.toContain(secret);
	await page.keyboard.press('Escape');
	await box.waitFor({ state: 'detached' });
	await page.getByRole('button', { name: /BYE/ }).last().focus();
	await page.keyboard.press('Enter');
	await box.waitFor();
	await page.keyboard.press('Escape');
	await page.getByText('Only 101').click();
	expect(await page.getByRole('button', { name: /from 100: INVITE/ }).count()).toBe(0);
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('link', { name: 'Download for Wireshark' }).click(),
	]);
	expect(
		readFileSync(await file.path())
			.subarray(0, 4)
			.toString('hex'),
	).toBe('0a0d0d0a');
	expect(faults).toEqual([]);

	await page.goto(`${server.url}/calls/cnothere`);
	await page.getByText('There is no record of this call').waitFor({ timeout: 15_000 });
	await page.context().close();
});

test('records are searched, filtered, and saved as CSV', async () => {
	await over(phone('102', '--call', '555', '--seconds', '1'));
	await over(phone('103', '--call', '*43', '--seconds', '1'));
	await until('both are written', async () => (await items('cdr')).length >= 3);
	const { page, faults } = await openPage(browser);
	await signIn(page, server.url);
	await page.goto(`${server.url}/calls`);
	const list = page.getByRole('region', { name: 'Call records' }).first();
	const rows = list.locator('tbody tr');
	await list.getByText('Not reachable').waitFor();
	await list.getByText('These are all.').waitFor();
	const all = await rows.count();
	expect(all).toBeGreaterThanOrEqual(3);
	await list.getByRole('searchbox', { name: 'Search' }).fill('555');
	await expect.poll(() => rows.count()).toBe(1);
	expect(page.url()).toContain('q=555');
	await list.getByRole('searchbox', { name: 'Search' }).fill('tom');
	await expect.poll(() => rows.allInnerTexts().then((x) => x.join())).toContain('*43');
	expect(await rows.count()).toBe(1);
	await list.getByRole('button', { name: 'Clear filters' }).last().click();
	await expect.poll(() => rows.count()).toBe(all);
	await list.getByRole('textbox', { name: 'Outcome' }).click();
	await page.getByRole('option', { name: 'Not reachable' }).click();
	await expect.poll(() => rows.count()).toBe(1);
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		list.getByRole('button', { name: 'Export (CSV)' }).click(),
	]);
	const text = readFileSync(await file.path()).toString();
	expect(text).toMatch(/^\ufeffid,start,/);
	expect(text.trim().split('\n')).toHaveLength(2);
	await list.getByLabel('To day').fill('2001-01-01');
	await list.getByText('Nothing matches').waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('click to call: what is wrong stands at its field; the phone rings', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, server.url);
	await page.goto(`${server.url}/calls`);
	await page.getByRole('button', { name: 'Call a number' }).click();
	const box = page.getByRole('dialog');
	await box.getByLabel('Your phone').fill('199');
	await box.getByLabel('Number to call').fill('*43');
	await box.getByRole('button', { name: 'Call', exact: true }).click();
	await box.getByText(/199/).last().waitFor();
	await expect.poll(() => box.getByLabel('Your phone').getAttribute('aria-invalid')).toBe('true');
	await clean(page, 'call a number');
	const p = phone('103', '--answer', '--wait', '60');
	await registered('103');
	await box.getByLabel('Your phone').fill('103');
	await page.getByRole('option', { name: '103 · Tom' }).click();
	await box.getByRole('button', { name: 'Call', exact: true }).click();
	await page.getByText('The phone of 103 rings.').waitFor();
	const now = page.getByRole('region', { name: 'Calls now' }).first();
	await now.getByText('Talking').waitFor();
	await now.getByRole('button', { name: /^Actions/ }).click();
	await page.getByRole('menuitem', { name: 'Hang up' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
	await page.getByText('Nobody is on the phone').waitFor();
	await over(p);
	expect(faults).toEqual([]);
	await page.context().close();
});

test('a call is sent on; a number that is none is told at its field', async () => {
	const { page } = await openPage(browser);
	await signIn(page, server.url);
	await page.goto(`${server.url}/calls`);
	await page.getByText('Nobody is on the phone').waitFor();
	await call('100', '102');
	const now = page.getByRole('region', { name: 'Calls now' }).first();
	await now.getByText('Talking').waitFor();
	await now.getByRole('button', { name: /^Actions/ }).click();
	await page.getByRole('menuitem', { name: 'Transfer' }).click();
	const box = page.getByRole('dialog');
	await box.getByLabel('To which number').fill('nobody at all');
	await box.getByRole('button', { name: 'Transfer' }).click();
	await expect.poll(() => box.getByLabel('To which number').getAttribute('aria-invalid')).toBe('true');
	await box.getByLabel('To which number').fill('*43');
	await box.getByRole('button', { name: 'Transfer' }).click();
	await page.getByText('The call goes to *43.').waitFor();
	for (const c of await items('calls')) await admin.send('DELETE', `calls/${String(c['id'])}`);
	await page.context().close();
});

test('phones online come, are filtered, and go', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, server.url);
	await page.goto(`${server.url}/registrations`);
	await page.getByText('No phone is signed on').waitFor();
	const p = phone('100', '--answer', '--wait', '60');
	const q = phone('101', '--answer', '--wait', '60');
	await page.getByRole('link', { name: '100' }).waitFor();
	await page.getByRole('link', { name: '101' }).waitFor();
	await page
		.getByText(/offhook phone/)
		.first()
		.waitFor();
	await page.getByRole('searchbox').fill('maria offhook');
	await page.getByRole('link', { name: '100' }).waitFor({ state: 'detached' });
	await page.getByRole('searchbox').fill('nothing like it');
	await page.getByText('Nothing matches').waitFor();
	p.kill('SIGINT');
	q.kill('SIGINT');
	expect(faults).toEqual([]);
	await page.context().close();
});

test('an alarm comes to the bell by itself, with what to do, and leads to its cause', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, server.url);
	await page.goto(`${server.url}/alarms`);
	await page.getByText('Everything is as it should be.').first().waitFor();
	await admin.send('POST', 'trunks', {
		name: 'provider',
		server: '127.0.0.1:9',
		transport: 'udp',
		user: 'x',
		password: 'abcdefgh1234',
	});
	await page.getByRole('heading', { level: 2, name: /Trunk provider/ }).waitFor({ timeout: 60_000 });
	await page.getByRole('button', { name: '1 alarm' }).click();
	const box = page.getByRole('dialog', { name: 'Alarms' });
	await box.getByText('What to do:').waitFor();
	await clean(page, 'the bell');
	await box.getByRole('link', { name: 'Have a look' }).click();
	await page.waitForURL('**/trunks/provider');
	await page.goto(server.url);
	await page.getByRole('region', { name: 'Needs your attention' }).getByText('What to do:').waitFor();
	await page.getByRole('region', { name: 'Providers' }).getByText('Down').waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('who may only read is offered no orders; who is a user sees no calls of others', async () => {
	const { page } = await openPage(browser);
	await signIn(page, server.url, 'reader');
	await page.goto(`${server.url}/calls`);
	await page.locator('tr', { hasText: 'Not reachable' }).first().waitFor();
	expect(await page.getByRole('button', { name: 'Call a number' }).count()).toBe(0);
	// and the server refuses them as well
	await call('100', '102');
	const id = String((await items('calls'))[0]!['id']);
	const refused = await page.evaluate(async (c) => {
		const { csrf } = (await (await fetch('/api/v1/session')).json()) as { csrf: string };
		const send = async (method: string, path: string, body?: unknown) =>
			(
				await fetch(`/api/v1/${path}`, {
					method,
					headers: { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' },
					...(body ? { body: JSON.stringify(body) } : {}),
				})
			).status;
		return [
			await send('DELETE', `calls/${c}`),
			await send('POST', `calls/${c}/hold`, { by: 'caller' }),
			await send('POST', `calls/${c}/transfer`, { to: '103' }),
			await send('POST', 'calls', { from: '100', to: '103' }),
			await send('DELETE', 'calls/nothing'),
		];
	}, id);
	expect(refused).toEqual([403, 403, 403, 403, 404]);
	expect(await items('calls')).toHaveLength(1);
	await admin.send('DELETE', `calls/${id}`);
	await page.locator('tbody tr', { hasText: 'Talked' }).first().locator('a').first().click();
	await page.getByText(/They talked for/).waitFor();
	expect(await page.getByText('Download for Wireshark').count()).toBe(0);
	await page.context().close();
	const own = await openPage(browser);
	await signIn(own.page, server.url, 'maria');
	await own.page.goto(`${server.url}/calls`);
	await own.page.getByText('Your role does not allow this.').waitFor();
	await own.page.context().close();
});

test.each(Object.keys(modes) as Mode[])('these pages are clean: %s', async (mode) => {
	if (!(await items('calls')).length) {
		await call('100', '101');
		await call('102', '103');
	}
	const { page, faults } = await openPage(browser, mode);
	await signIn(page, server.url);
	const live = (await items('calls'))[0]!;
	const old = (await items('cdr?outcome=answered')).find((c) => c['final'])!;
	for (const p of [
		'/',
		'/calls',
		`/calls/${String(live['id'])}`,
		`/calls/${String(old['id'])}`,
		'/registrations',
		'/alarms',
	]) {
		await page.goto(server.url + p);
		await page.waitForSelector('#main h1');
		await page.waitForTimeout(1200);
		await clean(page, `${mode} ${p}`);
	}
	expect(faults).toEqual([]);
	await page.context().close();
});
