// Everybody can use it: no serious fault that axe knows of, nothing runs out of a small screen, and nothing is missing
// in Chinese.
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Schema } from '@/api/types';
import { zhSchema } from '@/i18n/zh-schema';
import { modes, openBrowser, openPage, Server, signIn, type Mode } from './harness';

let server: Server;
let browser: Browser;
let schema: Schema;
beforeAll(async () => {
	[server, browser] = await Promise.all([Server.start(), openBrowser()]);
	const admin = await server.admin();
	schema = (await admin.send('GET', 'schema')) as unknown as Schema;
	await admin.send('POST', 'conferences', { number: '800', name: 'Team' });
});
afterAll(async () => {
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

const paths = [
	'/',
	'/extensions',
	'/extensions/100',
	'/extensions/new',
	'/conferences/800',
	'/settings',
	'/users',
	'/tokens',
	'/history',
	'/me',
	'/nowhere',
];

test.each(Object.keys(modes) as Mode[])('pages are clean: %s', async (mode) => {
	const { page, faults } = await openPage(browser, mode);
	await page.goto(server.url);
	await page.waitForSelector('[name=username]');
	await clean(page, `${mode} sign-in`);
	await signIn(page, server.url);
	for (const p of paths) {
		await page.goto(server.url + p);
		await page.waitForSelector('#main h1');
		await clean(page, `${mode} ${p}`);
	}
	await page.goto(`${server.url}/extensions`);
	await page.waitForSelector('#main h1');
	await page.keyboard.press('Control+k');
	await page.getByRole('combobox').first().waitFor();
	await clean(page, `${mode} search`);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: /More actions|更多操作/ }).click();
	await clean(page, `${mode} menu`);
	await page.getByRole('menuitem', { name: /CSV/ }).last().click();
	await page.getByRole('dialog').waitFor();
	await clean(page, `${mode} import`);
	expect(faults).toEqual([]);
	await page.context().close();
});

test('every resource, field, choice, group and unit has its Chinese text', () => {
	const missing: string[] = [];
	const want = (key: string, n: number) => {
		for (let i = 0; i < n; i++) if (!zhSchema[key]?.[i]) missing.push(key);
	};
	for (const r of schema.resources) {
		want(r.name, 2);
		for (const f of r.fields) {
			want(`${r.name}.${f.name}`, 2);
			for (const c of f.choices ?? []) want(`${r.name}.${f.name}=${c}`, 1);
			if (f.group) want(`group:${f.group}`, 1);
			if (f.unit) want(`unit:${f.unit}`, 1);
		}
	}
	expect([...new Set(missing)]).toEqual([]);
});
