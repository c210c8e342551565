// A field that the page has never heard of: named by the schema alone, it has its input, its help and its check.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Schema } from '@/api/types';
import { openBrowser, openPage, Server, signIn } from './harness';

let server: Server;
let browser: Browser;
beforeAll(async () => {
	[server, browser] = await Promise.all([Server.start(), openBrowser()]);
	await server.admin();
});
afterAll(async () => {
	await browser?.close();
	await server?.end();
});

test('a field more in the schema is a field more in the form', async () => {
	const { page, faults } = await openPage(browser);
	await page.route('**/api/v1/schema', async (route) => {
		const answer = await route.fetch();
		const schema = (await answer.json()) as Schema;
		const ext = schema.resources.find((r) => r.name === 'extension')!;
		const like = ext.fields.find((f) => f.name === 'ring_seconds')!;
		ext.fields.push({
			...like,
			name: 'desk_height',
			help: 'How high the desk is.',
			min: 60,
			max: 130,
			unit: 'cm',
			default: 75,
		});
		await route.fulfill({ response: answer, json: schema });
	});
	let sent: Record<string, unknown> = {};
	await page.route('**/api/v1/extensions/100', async (route) => {
		if (route.request().method() !== 'PATCH') return route.fallback();
		sent = route.request().postDataJSON() as Record<string, unknown>;
		return route.abort();
	});
	await signIn(page, `${server.url}/extensions/100`);
	const field = page.locator('[data-field=desk_height]');
	await field.waitFor();
	expect(await field.innerText()).toContain('Desk height');
	expect(await field.innerText()).toContain('How high the desk is.');
	await field.locator('input').first().fill('72');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await expect.poll(() => sent['desk_height']).toBe(72);
	expect(faults).toEqual([]);
	await page.context().close();
});
