// Recordings, security, certificate, network, backup and restore, tokens, system.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openPage, password, Server, signIn, type Client, type Mode } from './harness';

let server: Server;
let browser: Browser;
let admin: Client;
beforeAll(async () => {
	[server, browser] = await Promise.all([Server.start(), openBrowser()]);
	admin = await server.admin();
});
afterAll(async () => {
	await browser?.close();
	await server?.end();
});

const open = async (path: string, mode: Mode = 'light', name = 'admin'): Promise<{ page: Page; faults: string[] }> => {
	const p = await openPage(browser, mode);
	await signIn(p.page, `${server.url}${path}`, name);
	return p;
};
const toast = (page: Page, text: string | RegExp) => page.locator('.toast').filter({ hasText: text }).last();

test('an address is banned by hand, seen with its reason, and let in again', async () => {
	const { page, faults } = await open('/security');
	await page.getByText('Nobody is banned').waitFor();
	await page.getByRole('button', { name: 'Ban an address' }).click();
	const box = page.getByRole('dialog');
	await box.getByRole('button', { name: 'Ban', exact: true }).click();
	await box.getByText('Please fill this in.').waitFor();
	await box.getByLabel('Address or network').fill('no address');
	await box.getByRole('button', { name: 'Ban', exact: true }).click();
	await box.getByText(/is no address or network/).waitFor();
	await box.getByLabel('Address or network').fill('203.0.113.9');
	await box.getByLabel('Why').fill('called at night');
	await box.getByRole('button', { name: 'Ban', exact: true }).click();
	await toast(page, '203.0.113.9 is banned.').waitFor();
	await page.getByText('called at night').waitFor();
	await page.getByRole('button', { name: 'Lift: 203.0.113.9' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click();
	await page.getByText('Nobody is banned').waitFor();
	expect(faults).toEqual([]);
	await page.context().close();
});

test('who guesses passwords is seen', async () => {
	for (let i = 0; i < 3; i++)
		await fetch(`${server.url}/api/v1/session`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ name: 'admin', password: 'guess' }),
		});
	const { page } = await open('/system');
	// who is signed in has proved the name; the address keeps its failures
	await page.goto(`${server.url}/security`);
	await page
		.getByText(/wrong tr/)
		.first()
		.waitFor();
	await page.context().close();
});

test('a certificate that is none is refused in words', async () => {
	const { page } = await open('/certificate');
	await page.getByText(/Valid for .* more days/).waitFor();
	await page.getByRole('button', { name: 'Replace the certificate' }).click();
	await page.getByText('Choose the certificate, or paste it here.').waitFor();
	await page.locator('#cert-certificate').fill('nonsense');
	await page.locator('#cert-key').fill('nonsense');
	await page.getByRole('button', { name: 'Replace the certificate' }).click();
	await expect
		.poll(() => page.locator('form [role=alert], .mantine-Textarea-error').allInnerTexts())
		.toEqual(expect.arrayContaining([expect.stringMatching(/\w{4}/)]));
	await page.context().close();
});

test('a change of the network must be confirmed, and can be taken back', async () => {
	const { page, faults } = await open('/network');
	const field = page.getByLabel('Address outside', { exact: true });
	await field.fill('203.0.113.5');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	const box = page.getByRole('dialog');
	await box.getByText(/It returns in \d+ seconds/).waitFor();
	await box.getByRole('button', { name: 'Take it back now' }).click();
	await toast(page, 'It is as before.').waitFor();
	await expect.poll(() => field.inputValue(), { timeout: 5000 }).toBe('');
	await field.fill('203.0.113.6');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await box.getByRole('button', { name: 'Keep the change' }).click();
	await toast(page, 'The change stays.').waitFor();
	expect(await admin.send('GET', 'network/main')).toMatchObject({ external_ip: '203.0.113.6' });
	expect(faults).toEqual([]);
	await page.context().close();
});

test('a backup with a passphrase comes back, with what would change shown first', async () => {
	const { page, faults } = await open('/backup');
	await page.getByLabel('Passphrase', { exact: true }).fill('short');
	await page.getByRole('button', { name: 'Make a backup' }).click();
	await page.getByText('At least 8 characters, please.').waitFor();
	await page.getByLabel('Passphrase', { exact: true }).fill('long enough');
	const [file] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('button', { name: 'Make a backup' }).click(),
	]);
	const path = join(server.dir, 'backup-of-the-test.tar.gz');
	await file.saveAs(path);
	await admin.send('PATCH', 'extensions/100', { name: 'Changed later' });
	await page.locator('input[type=file]').setInputFiles(path);
	await page.getByRole('button', { name: 'Look at it first' }).click();
	const box = page.getByRole('dialog');
	const asked = page.getByLabel('Passphrase of the backup');
	await asked.or(box).first().waitFor();
	if (await asked.isVisible()) {
		await asked.fill('wrong one here');
		await page.getByRole('button', { name: 'Look at it first' }).click();
		await page.getByText('This passphrase is wrong.').waitFor();
		await asked.fill('long enough');
		await page.getByRole('button', { name: 'Look at it first' }).click();
	}
	await box.getByText('Changed later', { exact: true }).waitFor();
	expect(await admin.send('GET', 'extensions/100')).toMatchObject({ name: 'Changed later' });
	await box.getByRole('button', { name: 'Restore now' }).click();
	await box.getByText(/^Added:/).waitFor();
	expect(await admin.send('GET', 'extensions/100')).not.toMatchObject({ name: 'Changed later' });
	writeFileSync(path, 'no backup at all');
	await box.getByRole('button', { name: 'Close' }).last().click();
	await page.locator('input[type=file]').setInputFiles(path);
	await page.getByRole('button', { name: 'Look at it first' }).click();
	await expect.poll(() => page.locator('form [role=alert]').last().innerText()).not.toBe('');
	expect(faults).toEqual([]);
	await page.context().close();
});

test('a token is shown once', async () => {
	const { page } = await open('/tokens/new');
	await page.getByLabel('Name', { exact: true }).fill('crm');
	await page.getByRole('checkbox', { name: 'read', exact: true }).check();
	await page.getByRole('checkbox', { name: 'calls', exact: true }).check();
	await page.getByRole('button', { name: 'Create' }).click();
	const token = await page.getByRole('dialog').locator('code').first().innerText();
	expect(token).toMatch(/^oh_/);
	await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
	await page.getByRole('heading', { level: 1, name: 'crm' }).waitFor();
	expect(await page.content()).not.toContain(token);
	expect(await admin.send('GET', 'tokens/crm')).toMatchObject({ scopes: 'read calls' });
	await page.context().close();
});

test('the last administrator stays one', async () => {
	const { page } = await open('/users/admin');
	await page.getByRole('textbox', { name: 'Role' }).click();
	await page.getByRole('option', { name: 'Manager' }).click();
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('That would leave nobody who may administer the system.').waitFor();
	expect(await admin.send('GET', 'users/admin')).toMatchObject({ role: 'administrator' });
	await page.context().close();
});

test('changes of one table and of one row are found, and taken back', async () => {
	await admin.send('PATCH', 'extensions/101', { name: 'Cellar' });
	const { page } = await open('/history');
	await page.getByLabel('What').selectOption({ label: 'Extensions' });
	await page.waitForURL(/resource=extension/);
	await page.getByLabel(/^Which one/).fill('101');
	await page.waitForURL(/key=101/);
	await page.getByText('Cellar').waitFor();
	await page.getByRole('button', { name: 'Undo' }).first().click();
	await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
	await toast(page, /was taken back/).waitFor();
	expect(await admin.send('GET', 'extensions/101')).not.toMatchObject({ name: 'Cellar' });
	await page.context().close();
});

test('system: the log is turned up, and a part looked into', async () => {
	const { page } = await open('/system');
	await page.getByText(server.dir).waitFor();
	await page.getByLabel('How much is logged').selectOption('warn');
	await toast(page, 'Faults and warnings').waitFor();
	expect(await admin.send('GET', 'log-level')).toMatchObject({ level: 'warn' });
	await page.getByLabel('Part').selectOption('pbx');
	await page
		.getByRole('region', { name: 'pbx' })
		.getByText(/extensions/)
		.waitFor();
	await page.context().close();
});

test('recordings: nothing yet; who may only read is not offered to hear', async () => {
	await admin.send('POST', 'users', { name: 'viewer', role: 'read_only', password });
	const { page } = await open('/recordings', 'light', 'viewer');
	await page.getByText('No recordings yet').waitFor();
	await page.goto(`${server.url}/recordings/nothing`);
	await page.getByText('This recording is not there').waitFor();
	await page.goto(`${server.url}/backup`);
	await page.getByRole('heading', { name: 'There is no such page' }).first().waitFor();
	await page.goto(`${server.url}/security`);
	await page.getByText('Nobody is banned').waitFor();
	expect(await page.getByRole('button', { name: 'Ban an address' }).count()).toBe(0);
	await page.context().close();
});

test.each(['light', 'dark', 'phone', 'chinese'] satisfies Mode[])('these pages suit everybody: %s', async (mode) => {
	const { page, faults } = await open('/', mode);
	for (const path of [
		'recordings',
		'security',
		'certificate',
		'network',
		'backup',
		'system',
		'history',
		'tokens/new',
	]) {
		await page.goto(`${server.url}/${path}`);
		await page.getByRole('heading', { level: 1 }).waitFor();
		await page.waitForTimeout(400);
		const r = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze();
		expect(
			r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`),
			path,
		).toEqual([]);
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
	}
	expect(faults).toEqual([]);
	await page.context().close();
});
