// The guide of a new system up to phones that are registered and a provider that was tested; trunks, routes in their
// order, what would happen if, several numbers at once, and what the server refuses, at its field.
import { spawn, type ChildProcess } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openPage, password, Client, Server, signIn } from './harness';

let server: Server;
let browser: Browser;
let admin: Client;
const phones: ChildProcess[] = [];
beforeAll(async () => {
	[server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
afterAll(async () => {
	for (const p of phones) p.kill('SIGTERM');
	await browser?.close();
	await server?.end();
});

function phone(number: string, secret: string, ...more: string[]) {
	const args = ['phone', '--headless', '--user', number, '--password', secret, '--server', `127.0.0.1:${server.sip}`];
	phones.push(spawn(server.program, [...args, '--wait', '90', ...more], { stdio: 'ignore' }));
}
const step = (page: Page, name: string) => page.getByRole('heading', { level: 2, name }).waitFor();
const next = (page: Page, name = 'Go on') => page.getByRole('button', { name, exact: true }).click();
const toast = (page: Page, text: string | RegExp) => page.locator('.toast').filter({ hasText: text }).last();

test('from the link of the first start to registered phones and a tested provider', async () => {
	const { page, faults } = await openPage(browser);
	await page.goto(`${server.url}/setup#${server.token}`);
	await page.getByLabel('Password', { exact: true }).fill(password);
	await page.getByLabel('Password, once more').fill(password);
	await page.getByRole('button', { name: 'Create administrator' }).click();

	await step(page, 'Where are you?');
	await page.getByRole('textbox', { name: 'Country' }).fill('germ');
	await page.getByRole('option', { name: 'Germany' }).click();
	await page.getByLabel('Area code').fill('30');
	await page.getByLabel('Location for emergency calls').fill('Main Street 1, Berlin');
	await next(page);

	await step(page, 'Your first phones');
	await page.getByRole('button', { name: 'Add a phone' }).click();
	const number = page.getByRole('textbox', { name: 'Number', exact: true });
	expect(await number.inputValue()).toBe('102');
	await number.fill('101');
	await page.getByRole('textbox', { name: 'Name of 101' }).last().fill('Kitchen, "big"');
	await page.getByRole('button', { name: 'Save the table' }).click();
	await page.getByText('101 is there already.').waitFor();
	await number.fill('102');
	await page.getByRole('button', { name: 'Save the table' }).click();
	const card = page.getByRole('region', { name: '102 · Kitchen, "big"' });
	await card.getByText('Waiting for the phone').waitFor();
	const secret = async (n: string) =>
		(await page.locator('.phone-card').filter({ hasText: n }).locator('.mono').nth(2).textContent()) ?? '';
	phone('100', await secret('100 ·'), '--answer');
	phone('102', await secret('102 ·'), '--answer');
	await card.getByText('Connected', { exact: true }).waitFor();
	await page.getByText('2 of 3 connected').waitFor();
	await card.getByRole('button', { name: 'QR code' }).click();
	await page.getByRole('img', { name: 'QR code' }).waitFor();
	await page.keyboard.press('Escape');
	await next(page);

	// another browser goes on where this one is
	const other = await openPage(browser);
	await signIn(other.page, server.url);
	await other.page.getByText('Next: Provider (step 3 of 6)').waitFor();
	await other.page.context().close();

	await step(page, 'Your provider');
	await page.getByRole('button', { name: /^Fixed address/ }).click();
	await page.getByRole('button', { name: 'Make it and test it' }).click();
	await page.getByText('Please fill this in.').waitFor();
	await page.getByLabel('Server').fill('127.0.0.1:99999');
	await page.getByRole('button', { name: 'Make it and test it' }).click();
	await page.getByText(/The port of .* must be a number/).waitFor();
	await page.getByLabel('Server').fill(`127.0.0.1:${server.sip}`);
	await page.getByLabel('Name here').fill('telco');
	await page.getByRole('button', { name: 'Make it and test it' }).click();
	await page.getByText('Works', { exact: true }).waitFor();
	await page.getByRole('button', { name: 'Another provider' }).click();
	await page.getByRole('button', { name: /^Account with user name/ }).click();
	await page.getByLabel('Server').fill('127.0.0.1:9');
	await page.getByLabel('User name').fill('4930123');
	await page.getByLabel('Password', { exact: true }).fill('secret-of-mine');
	await page.getByLabel('Name here').fill('second');
	await page.getByRole('button', { name: 'Make it and test it' }).click();
	await page.getByText(/^So far: .*does not answer/).waitFor({ timeout: 30_000 });
	await page.getByText(/Check the address and port|Nothing listens there/).waitFor();
	await next(page);

	await step(page, 'Your numbers');
	await page.getByRole('textbox', { name: 'Your number' }).fill('+49 30 1234');
	await page.getByRole('textbox', { name: 'Who answers' }).fill('100');
	await page.getByText('Extension 100 (First phone) rings').waitFor();
	await next(page);

	await step(page, 'A way to the outside');
	await next(page, 'Make this route');
	await page.getByLabel('What would happen if 100 dials …').fill('00301234567');
	await page.getByRole('button', { name: 'Show' }).click();
	await page.getByText('by trunk').first().waitFor();
	await next(page);

	await step(page, 'Try it');
	await page.getByRole('button', { name: 'Call 102 from 100' }).click();
	await page.getByText('It works.').waitFor();
	await next(page, 'Finish');
	await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor();
	expect(await page.getByText('Your phone system is not set up completely').count()).toBe(0);
	expect(faults).toEqual([]);
	const cookie = (await page.context().cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
	const session = await page.evaluate(async () => (await fetch('/api/v1/session')).json() as Promise<{ csrf: string }>);
	admin = new Client(server.url, cookie, session.csrf);
});

test('a trunk shows how it is, and cannot go while a route names it', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, `${server.url}/trunks`);
	await page.getByRole('row', { name: /telco.*Works/ }).waitFor();
	await page.getByRole('link', { name: 'telco' }).click();
	await page.getByRole('region', { name: 'How it is' }).getByText('answers').first().waitFor();
	await page.getByRole('button', { name: 'Test now' }).click();
	await page.getByRole('button', { name: 'More actions' }).click();
	await page.getByRole('menuitem', { name: 'Remove' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
	await toast(page, 'still named by: outgoing route outside').waitFor();
	await page.getByLabel('Addresses').fill('nonsense');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.locator('[data-field=addresses] .error').waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('routes are put in order by mouse and by keys, in one change', async () => {
	for (const [name, order] of [
		['first', 5],
		['second', 6],
		['third', 7],
	] as const)
		await admin.send('POST', 'routes_out', { name, order, pattern: `=${order}11`, trunks: 'telco' });
	const names = () => page.locator('.ordered b').allTextContents();
	const { page, faults } = await openPage(browser);
	await signIn(page, `${server.url}/routes_out`);
	await page.getByRole('button', { name: 'Move third' }).waitFor();
	expect(await names()).toEqual(['first', 'second', 'third', 'outside']);
	const from = (await page.getByRole('button', { name: 'Move third' }).boundingBox())!;
	const to = (await page.getByRole('button', { name: 'Move first' }).boundingBox())!;
	await page.mouse.move(from.x + 10, from.y + 20);
	await page.mouse.down();
	await page.mouse.move(to.x + 10, to.y + 24, { steps: 6 });
	await page.mouse.up();
	await toast(page, 'The new order is saved.').waitFor();
	expect(await names()).toEqual(['third', 'first', 'second', 'outside']);
	await page.getByRole('button', { name: 'Move first' }).focus();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('ArrowDown');
	await page.getByText('first is now number 4 of 4.').waitFor({ state: 'attached' });
	await expect
		.poll(async () =>
			((await admin.send('GET', 'routes_out?sort=order'))['items'] as { name: string }[]).map((x) => x.name),
		)
		.toEqual(['third', 'second', 'outside', 'first']);
	const last = (await admin.send('GET', 'config/history?limit=1'))['items'] as { items: unknown[] }[];
	expect(last[0]!.items.length).toBeGreaterThan(1);
	expect(faults).toEqual([]);
	await page.context().close();
});

test('a pattern is explained while it is typed, and faults stand at their fields', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, `${server.url}/routes_out/new`);
	await page.getByLabel('Name', { exact: true }).fill('local');
	await page.getByLabel('Numbers', { exact: true }).fill('9|. NXXXXXX =11(');
	await page.getByText('Numbers that begin with 9 and go on; 9 is dialled and not sent').waitFor();
	await page.getByText('Numbers of 7 digits of this shape').waitFor();
	await page.getByText(/^Not understood\./).waitFor();
	await page.getByRole('textbox', { name: 'Try a number' }).first().fill('2345678');
	await expect.poll(() => page.locator('.patterns [data-fit=true]').count()).toBe(1);
	await page.getByRole('textbox', { name: 'Trunks', exact: true }).fill('telco,');
	await page.getByRole('button', { name: 'Create' }).click();
	await page.locator('[data-field=pattern] .error').filter({ hasText: '=11(' }).waitFor();
	await page.getByLabel('Numbers', { exact: true }).fill('9|.');
	await page.getByLabel('Open', { exact: true }).fill('mon-xx');
	await page.getByRole('button', { name: 'Create' }).click();
	await page.locator('[data-field=hours] .error').waitFor();
	await page.getByLabel('Open', { exact: true }).fill('mon-fri 08:00-18:00');
	await page.getByRole('button', { name: 'Create' }).click();
	await page.getByRole('heading', { level: 1, name: 'local' }).waitFor();
	const box = page.getByRole('region', { name: 'What would happen if …' });
	await box.getByRole('textbox', { name: 'Dials' }).fill('101');
	await box.getByRole('button', { name: 'Show' }).click();
	await box.getByText('Extension 101 rings', { exact: true }).waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('several numbers are added at once; one that leads to itself is refused', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, `${server.url}/dids`);
	await page.getByRole('button', { name: 'Add several' }).click();
	const box = page.getByRole('dialog');
	await box.getByRole('textbox', { name: 'Numbers' }).fill('+49 30 5550-10 … 13');
	await box.getByText('4 numbers').waitFor();
	await box.getByRole('textbox', { name: 'Leads to' }).fill('+4930555012');
	await page.keyboard.press('Tab');
	await box.getByRole('button', { name: 'Add', exact: true }).click();
	await box.getByText(/one of your own numbers|lead to itself/).waitFor();
	await box.getByRole('textbox', { name: 'Leads to' }).fill('101');
	await page.keyboard.press('Tab');
	await box.getByText('Extension 101 (Second phone) rings').waitFor();
	await box.getByRole('button', { name: 'Add', exact: true }).click();
	await toast(page, '4 numbers were added.').waitFor();
	await page.getByRole('link', { name: '+4930555013' }).waitFor();
	await page.goto(`${server.url}/dids/${encodeURIComponent('+4930555010')}`);
	await page.getByLabel('Leads to').fill('777');
	await page.getByText('There is no 777 here').waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('brakes and numbering: countries by name, and what the server refuses', async () => {
	const { page, faults } = await openPage(browser);
	await signIn(page, `${server.url}/brakes`);
	const countries = page.locator('[data-field=countries] input').first();
	await countries.fill('Austri');
	await page.getByRole('option', { name: 'Austria' }).click();
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await toast(page, 'Saved').waitFor();
	expect(await admin.send('GET', 'brakes/main')).toMatchObject({ countries: 'AT' });
	await page.goto(`${server.url}/numbering`);
	await page.locator('[data-field=country]').getByRole('button', { name: 'Clear', includeHidden: true }).click();
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.locator('[data-field=country] .error').filter({ hasText: 'Routes to the outside need' }).waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});
