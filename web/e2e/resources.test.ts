// Lists and forms that are made of the schema: every resource, and extensions in depth.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Schema } from '@/api/types';
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

const open = async (path: string): Promise<{ page: Page; faults: string[] }> => {
	const p = await openPage(browser);
	await signIn(p.page, `${server.url}${path}`);
	return p;
};
const toast = (page: Page, text: string | RegExp) => page.locator('.toast').filter({ hasText: text }).last();

test('each resource has its list and its form', async () => {
	const { page, faults } = await open('/');
	for (const r of schema.resources) {
		await page.goto(`${server.url}/${r.plural}`);
		await page.getByRole('heading', { level: 1, name: r.titles, exact: true }).waitFor();
		if (!r.only) {
			await page.goto(`${server.url}/${r.plural}/new`);
			// a trunk is made by a template, unless one knows what one wants
			if (r.plural === 'trunks') await page.getByText('Show all fields').click();
			await page.getByRole('button', { name: 'Create' }).waitFor();
		}
		const shown = await page.locator('[data-field]').evaluateAll((l) => l.map((e) => e.getAttribute('data-field')));
		const want = r.fields
			.filter((f) => (r.only ? !f.key : !f.readonly) && f.name !== 'totp' && f.name !== 'token')
			.map((f) => f.name);
		expect(shown, r.plural).toEqual(expect.arrayContaining(want));
		expect(await page.getByText('That did not work').count(), r.plural).toBe(0);
	}
	expect(faults).toEqual([]);
	await page.context().close();
});

test('an extension is made, changed, removed and brought back', async () => {
	const { page, faults } = await open('/extensions');
	await page.getByRole('button', { name: 'New', exact: true }).click();
	await page.getByLabel('Number', { exact: true }).fill('12a');
	await page.getByRole('button', { name: 'Create' }).click();
	await page.getByText('The character “a” is not possible here.').waitFor();
	await page.getByText('One entry needs another look.').waitFor();
	await page.getByLabel('Number', { exact: true }).fill('102');
	await page.getByLabel('Name', { exact: true }).fill('Kitchen <b>"&');
	await page.getByRole('button', { name: 'Create' }).click();
	await page.getByRole('heading', { level: 1, name: '102 · Kitchen <b>"&' }).waitFor();
	await page.getByLabel('Name', { exact: true }).fill('Front desk');
	await page.getByText('Not saved yet').waitFor();
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByRole('heading', { level: 1, name: '102 · Front desk' }).waitFor();
	await page.getByRole('button', { name: 'More actions' }).click();
	await page.getByRole('menuitem', { name: 'Remove' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
	await toast(page, 'Extension 102 was removed.').getByRole('button', { name: 'Undo' }).click();
	await toast(page, 'Undone').waitFor();
	await page.getByRole('link', { name: '102', exact: true }).click();
	await page.getByRole('heading', { level: 1, name: '102 · Front desk' }).waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('a number that exists is refused at its field', async () => {
	const { page } = await open('/extensions/new');
	await page.getByLabel('Number', { exact: true }).fill('100');
	await page.getByRole('button', { name: 'Create' }).click();
	await page
		.getByRole('alert')
		.filter({ hasText: /already/ })
		.or(page.locator('.field .error'))
		.first()
		.waitFor();
	expect(page.url()).toContain('/new');
	await page.context().close();
});

test('two people change one thing: nothing is lost, and both are told', async () => {
	const { page } = await open('/extensions/101');
	await page.getByLabel('Name', { exact: true }).fill('Hall');
	await admin.send('PATCH', 'extensions/101', { ring_seconds: 45 });
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('Changed meanwhile').waitFor();
	await page.getByRole('button', { name: 'Take the newest state' }).click();
	await expect.poll(() => page.getByLabel('Rings for').inputValue()).toBe('45');
	expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Hall');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByRole('heading', { level: 1, name: '101 · Hall' }).waitFor();
	expect(await admin.send('GET', 'extensions/101')).toMatchObject({ name: 'Hall', ring_seconds: 45 });
	await page.context().close();
});

test('the connection breaks while saving: the entries stay', async () => {
	const { page } = await open('/extensions/100');
	await page.getByLabel('Name', { exact: true }).fill('Workshop');
	await page.route('**/api/v1/extensions/100', (r) => (r.request().method() === 'PATCH' ? r.abort() : r.fallback()));
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('The server cannot be reached.').waitFor();
	expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Workshop');
	await page.unroute('**/api/v1/extensions/100');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByRole('heading', { level: 1, name: '100 · Workshop' }).waitFor();
	await page.context().close();
});

test('a table is looked at first, faults are named by line, and undo takes all of it back', async () => {
	const { page } = await open('/extensions');
	await page.getByRole('button', { name: 'More actions' }).click();
	await page.getByRole('menuitem', { name: 'Import (CSV)' }).click();
	const box = page.getByRole('dialog');
	await box.getByRole('textbox').fill('number,name\n201,Office\nxx,Wrong\n');
	await box.getByRole('button', { name: 'Look at it first' }).click();
	await box.getByText('Nothing was imported.').waitFor();
	await box.getByRole('cell', { name: '3', exact: true }).waitFor();
	await box.getByRole('textbox').fill('number,name\n201,Office\n202,Store\n');
	await box.getByRole('button', { name: 'Look at it first' }).click();
	await box.getByText('New: 2').waitFor();
	await box.getByRole('button', { name: 'Import', exact: true }).click();
	await page.getByRole('link', { name: '202', exact: true }).waitFor();
	await toast(page, 'Imported: 2 new').getByRole('button', { name: 'Undo' }).click();
	await page.getByRole('link', { name: '202', exact: true }).waitFor({ state: 'detached' });
	await page.context().close();
});

test('search, filter, sorting and pages stand in the address', async () => {
	for (let i = 300; i < 360; i++)
		await admin.send('POST', 'extensions', {
			number: String(i),
			name: `Room ${i}`,
			record: i % 2 ? 'always' : 'never',
		});
	const { page } = await open('/extensions');
	await page.getByRole('button', { name: 'Next', exact: true }).click();
	await page.getByText('Page 2').waitFor();
	await page.getByRole('link', { name: '359', exact: true }).waitFor();
	await page.getByRole('button', { name: 'Previous' }).click();
	await page.getByRole('link', { name: '100', exact: true }).waitFor();
	await page.getByRole('button', { name: 'Number', exact: true }).click();
	await page.getByRole('link', { name: '359', exact: true }).waitFor();
	await page.getByRole('searchbox', { name: 'Search' }).fill('Room 33');
	await page.waitForURL(/q=Room\+33/);
	await expect.poll(() => page.locator('tbody tr').count()).toBe(10);
	await page.getByRole('button', { name: 'Filter' }).click();
	await page.getByRole('dialog').getByRole('textbox', { name: 'Record' }).click();
	await page.getByRole('option', { name: 'Always' }).click();
	await expect.poll(() => page.locator('tbody tr').count()).toBe(5);
	await page.reload();
	await expect.poll(() => page.locator('tbody tr').count()).toBe(5);
	await page.getByRole('searchbox', { name: 'Search' }).fill('nobody');
	await page.getByText('Nothing matches').waitFor();
	await page.context().close();
});

test('what others change is seen without asking', async () => {
	const { page } = await open('/extensions/100');
	await page.waitForTimeout(500);
	await admin.send('PATCH', 'extensions/100', { name: 'Reception' });
	await page.getByRole('heading', { level: 1, name: '100 · Reception' }).waitFor();
	await page.context().close();
});

test('the password of an extension is shown when asked for, and as a QR code', async () => {
	const { page } = await open('/extensions/100');
	const secret = String((await admin.send('GET', 'extensions/100?secrets=1'))['password']);
	expect(await page.content()).not.toContain(secret);
	await page.getByRole('button', { name: /^Show the password/ }).click();
	await page.getByText(secret).waitFor();
	await page.getByRole('button', { name: 'QR code' }).click();
	await page.getByRole('img', { name: 'QR code' }).waitFor();
	await page.context().close();
});

test('roles: who may only read sees no buttons, who is a user sees the own page alone', async () => {
	await admin.send('POST', 'users', { name: 'viewer', role: 'read_only', password: 'a long enough one' });
	await admin.send('POST', 'users', { name: 'desk', role: 'user', extension: '100', password: 'a long enough one' });
	const a = await openPage(browser);
	await signIn(a.page, `${server.url}/extensions/100`, 'viewer', 'a long enough one');
	await a.page.getByText('Your role lets you see this').waitFor();
	expect(await a.page.getByRole('button', { name: 'Save', exact: true }).count()).toBe(0);
	await a.page.context().close();
	const b = await openPage(browser);
	await signIn(b.page, server.url, 'desk', 'a long enough one');
	await b.page.waitForURL('**/me');
	await b.page.getByRole('heading', { level: 2, name: 'My phones' }).waitFor();
	expect(await b.page.locator('a[href="/extensions"]').count()).toBe(0);
	expect(b.faults).toEqual([]);
	await b.page.context().close();
});

test('a new token is shown once', async () => {
	const { page } = await open('/tokens/new');
	await page.getByLabel('Name', { exact: true }).fill('prometheus');
	await page.getByRole('button', { name: 'Create' }).click();
	const token = await page.getByRole('dialog').locator('code').first().textContent();
	expect(token?.length).toBeGreaterThan(20);
	await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
	await page.getByRole('heading', { level: 1, name: 'prometheus' }).waitFor();
	expect(await page.content()).not.toContain(token!);
	await page.context().close();
});
