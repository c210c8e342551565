// A server of its own for each file of tests, in a temporary directory on ports of 127.0.0.1 that nobody else has, and
// a browser.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';

export const password = 'correct horse battery';

async function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const s = createServer();
		s.once('error', reject);
		s.listen(0, '127.0.0.1', () => {
			const a = s.address();
			s.close(() => resolve(typeof a === 'object' && a ? a.port : 0));
		});
	});
}

export class Server {
	private child: ChildProcess | undefined;
	output = '';
	private constructor(
		readonly dir: string,
		readonly port: number,
		readonly sip: number,
	) {}

	get url() {
		return `http://127.0.0.1:${this.port}`;
	}
	/** The one-time code of the link for the first administrator. */
	get token() {
		return /setup#(\S+)/.exec(this.output)?.[1] ?? '';
	}

	static async start(): Promise<Server> {
		const dir = mkdtempSync(join(tmpdir(), 'offhook-e2e-'));
		const s = new Server(dir, await freePort(), await freePort());
		await s.run();
		return s;
	}

	/** The program that is tested. */
	get program() {
		return process.env['OFFHOOK'] ?? fileURLToPath(new URL('../../build/offhook', import.meta.url));
	}

	/** Start the program; after stop() with the same data and port. */
	async run() {
		const args = [
			'serve',
			'--data',
			this.dir,
			'--listen',
			'127.0.0.1',
			'--sip-port',
			String(this.sip),
			'--sips-port',
			'0',
		];
		args.push('--rtp-ports', '42000-42099', '--http-port', String(this.port), '--https-port', '0');
		const child = spawn(this.program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
		this.child = child;
		const take = (d: Buffer) => (this.output += d.toString());
		child.stdout.on('data', take);
		child.stderr.on('data', take);
		for (let i = 0; i < 300; i++) {
			const up = await fetch(`${this.url}/healthz`).then(
				() => true,
				() => false,
			);
			if (up) return;
			if (child.exitCode !== null) break;
			await new Promise((r) => setTimeout(r, 100));
		}
		throw new Error(`the server did not start:\n${this.output}`);
	}

	async stop() {
		const child = this.child;
		if (!child || child.exitCode !== null) return;
		const ended = new Promise((r) => child.once('exit', r));
		child.kill('SIGTERM');
		const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
		await ended;
		clearTimeout(timer);
	}

	async end() {
		await this.stop();
		rmSync(this.dir, { recursive: true, force: true });
	}

	/** The first administrator, made without the page. */
	async admin(): Promise<Client> {
		const r = await fetch(`${this.url}/api/v1/setup`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ token: this.token, name: 'admin', password }),
		});
		expect(r.status, await r.clone().text()).toBe(200);
		const { csrf } = (await r.json()) as { csrf: string };
		return new Client(this.url, (r.headers.get('set-cookie') ?? '').split(';')[0]!, csrf);
	}
}

/** Requests beside the page: to prepare something, or to be the other person. */
export class Client {
	constructor(
		readonly url: string,
		readonly cookie: string,
		readonly csrf: string,
	) {}
	async send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
		const r = await fetch(`${this.url}/api/v1/${path}`, {
			method,
			headers: { Cookie: this.cookie, 'X-CSRF-Token': this.csrf, 'Content-Type': 'application/json' },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const text = await r.text();
		expect(r.ok, `${method} ${path}: ${r.status} ${text}`).toBe(true);
		return (text ? JSON.parse(text) : {}) as Record<string, unknown>;
	}
}

export async function openBrowser(): Promise<Browser> {
	const path = [
		process.env['CHROMIUM'] ?? '',
		'/usr/bin/chromium',
		'/usr/bin/chromium-browser',
		'/usr/bin/google-chrome',
	].find((p) => p && existsSync(p));
	if (!path) throw new Error('There is no Chromium here: install the package chromium, or name one in CHROMIUM.');
	return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export const modes = {
	light: {},
	dark: { colorScheme: 'dark' },
	phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
	chinese: { locale: 'zh-CN' },
} satisfies Record<string, BrowserContextOptions>;
export type Mode = keyof typeof modes;

/** A page whose faults (scripts, Content-Security-Policy) fail the test that asks for them. */
export async function openPage(b: Browser, mode: Mode = 'light'): Promise<{ page: Page; faults: string[] }> {
	const c = await b.newContext({
		viewport: { width: 1280, height: 800 },
		locale: 'en-US',
		reducedMotion: 'reduce',
		...modes[mode],
	});
	const page = await c.newPage();
	page.setDefaultTimeout(10_000);
	const faults: string[] = [];
	page.on('pageerror', (e) => faults.push(String(e)));
	page.on('console', (m) => {
		if (m.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(m.text())) faults.push(m.text());
	});
	return { page, faults };
}

export async function signIn(page: Page, url: string, name = 'admin', pw = password) {
	await page.goto(url);
	await page.fill('[name=username]', name);
	await page.fill('[name=password]', pw);
	await page.keyboard.press('Enter');
	await page.waitForSelector('#main');
}
