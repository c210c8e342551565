// Setup, sign-in, sign-out, what happens when the session or the server is gone.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openPage, password, Server, signIn } from './harness';

let server: Server;
let browser: Browser;
beforeAll(async () => {
	[server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
afterAll(async () => {
	await browser?.close();
	await server?.end();
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();

test('the link of the first start makes the administrator and signs in', async () => {
	const { page, faults } = await openPage(browser);
	expect(server.token).toMatch(/^\w{20,}$/);
	await page.goto(`${server.url}/setup#${server.token}`);
	await page.getByLabel('Password', { exact: true }).fill('short');
	await page.getByRole('button', { name: 'Create administrator' }).click();
	await page.getByText('At least 10 characters, please.').waitFor();
	await page.getByLabel('Password', { exact: true }).fill(password);
	await page.getByLabel('Password, once more').fill('something else');
	await page.getByRole('button', { name: 'Create administrator' }).click();
	await page.getByText('These two passwords are not the same.').waitFor();
	await page.getByLabel('Password, once more').fill(password);
	await page.getByRole('button', { name: 'Create administrator' }).click();
	await page.waitForURL('**/welcome/**');
	expect(page.url()).not.toContain(server.token);
	await page.waitForSelector('#main');
	expect(faults).toEqual([]);
	await page.context().close();
});

test('the link is of no use a second time', async () => {
	const { page } = await openPage(browser);
	await page.goto(`${server.url}/setup#${server.token}`);
	await page.getByText('has an administrator already').waitFor();
	await page.context().close();
});

test('a wrong password is told at once, without saying which was wrong', async () => {
	const { page } = await openPage(browser);
	await page.goto(server.url);
	await page.fill('[name=username]', 'admin');
	await page.fill('[name=password]', 'not the password');
	await page.keyboard.press('Enter');
	await page.getByText('Name or password is wrong.').waitFor();
	expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('password');
	await page.context().close();
});

test('who is signed out comes back to the same page', async () => {
	const { page, faults } = await openPage(browser);
	await page.goto(`${server.url}/extensions/100`);
	await page.fill('[name=username]', 'admin');
	await page.fill('[name=password]', password);
	await page.keyboard.press('Enter');
	await heading(page, /^100/);
	await page.context().clearCookies();
	await page.getByRole('link', { name: 'Changes' }).click();
	await page.getByText('You were signed out.').waitFor();
	await page.fill('[name=username]', 'admin');
	await page.fill('[name=password]', password);
	await page.keyboard.press('Enter');
	await heading(page, 'Changes');
	expect(page.url()).toContain('/history');
	expect(faults).toEqual([]);
	await page.context().close();
});

test('a server that is away is told, and that it is back', async () => {
	const { page } = await openPage(browser);
	await signIn(page, server.url);
	await heading(page, 'Home');
	await server.stop();
	await page.getByRole('link', { name: 'Conferences' }).click();
	await page.getByText('No connection to the server').waitFor({ timeout: 20_000 });
	await server.run();
	await page.getByText('No connection to the server').waitFor({ state: 'detached', timeout: 20_000 });
	await heading(page, 'Conferences');
	await page.context().close();
});

test('language and appearance are chosen in the menu and kept', async () => {
	const { page } = await openPage(browser);
	await signIn(page, server.url);
	await page.getByRole('button', { name: /Account and appearance/ }).click();
	await page.getByRole('menuitem', { name: 'Dark' }).click();
	await page.getByRole('button', { name: /Account and appearance/ }).click();
	await page.getByRole('menuitem', { name: '简体中文' }).click();
	await page.getByRole('link', { name: '分机', exact: true }).waitFor();
	await page.reload();
	await page.getByRole('link', { name: '分机', exact: true }).waitFor();
	expect(await page.getAttribute('html', 'data-mantine-color-scheme')).toBe('dark');
	expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
	await page.context().close();
});

test('the search box finds pages and extensions by the keyboard', async () => {
	const { page } = await openPage(browser);
	await signIn(page, server.url);
	await page.waitForSelector('a[href="/extensions"]');
	await page.keyboard.press('Control+k');
	await page.getByRole('combobox', { name: 'Search' }).fill('second');
	await page.getByRole('option', { name: /101 · Second phone/ }).waitFor();
	await page.keyboard.press('Enter');
	await heading(page, /^101/);
	await page.context().close();
});

test('signing out asks for the password again', async () => {
	const { page } = await openPage(browser);
	await signIn(page, server.url);
	await page.getByRole('button', { name: /Account and appearance/ }).click();
	await page.getByRole('menuitem', { name: 'Sign out' }).click();
	await page.waitForSelector('[name=username]');
	await page.goto(`${server.url}/extensions`);
	await page.waitForSelector('[name=username]');
	await page.context().close();
});

test('the first load stays small', async () => {
	const { page } = await openPage(browser);
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Network.enable');
	let bytes = 0;
	cdp.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength));
	await signIn(page, server.url);
	await heading(page, 'Home');
	await page.waitForLoadState('networkidle');
	console.log(`sign-in and home: ${(bytes / 1000).toFixed(0)} kB`);
	expect(bytes).toBeLessThan(300_000);
	await page.context().close();
});
