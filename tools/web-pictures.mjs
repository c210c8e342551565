// The pictures of docs/page.md, made anew: a server of its own with a few phones that talk, and headless Chromium.
// Run from the top of the tree after `make`: node tools/web-pictures.mjs
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const { chromium } = createRequire(resolve('web/package.json'))('playwright-core');
const program = resolve('build/offhook');
const out = resolve('docs/pictures');
const dir = mkdtempSync(join(tmpdir(), 'offhook-pictures-'));
const [sip, port] = [5270, 8270];
const url = `http://127.0.0.1:${port}`;
const password = 'correct horse battery';
const secret = 'a7Secret4phones';
const running = [];
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

let said = '';
const server = spawn(program, ['serve', '--data', dir, '--listen', '127.0.0.1', '--sip-port', sip, '--sips-port', 0]
	.concat(['--rtp-ports', '43000-43199', '--http-port', port, '--https-port', 0]).map(String));
server.stdout.on('data', (d) => (said += d));
running.push(server);

let cookie = '';
let csrf = '';
async function send(method, path, body) {
	const r = await fetch(`${url}/api/v1/${path}`, {
		method,
		headers: { 'Content-Type': 'application/json', Cookie: cookie, 'X-CSRF-Token': csrf },
		...(body ? { body: JSON.stringify(body) } : {}),
	});
	const text = await r.text();
	if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`);
	if (path === 'setup') cookie = r.headers.get('set-cookie').split(';')[0];
	return text ? JSON.parse(text) : {};
}
function phone(user, ...args) {
	const all = ['phone', '--headless', '--server', `127.0.0.1:${sip}`, '--listen', '127.0.0.1', '--user', user];
	const p = spawn(program, [...all, '--password', secret, '--tone', '440', ...args], { stdio: 'ignore' });
	running.push(p);
	return new Promise((r) => p.once('exit', r));
}
async function call(from, to, seconds) {
	void phone(to, '--answer', '--wait', '90');
	await sleep(600);
	const ended = phone(from, '--call', to, '--seconds', String(seconds));
	await sleep(600);
	return ended;
}

const people = { 100: 'Front desk', 101: 'Kitchen', 102: 'Workshop', 103: 'Meeting room', 104: 'Warehouse', 105: 'Office' };
async function fill() {
	csrf = (await send('POST', 'setup', { token: /setup#(\S+)/.exec(said)[1], name: 'admin', password })).csrf;
	for (const [number, name] of Object.entries(people))
		await send(number < 102 ? 'PATCH' : 'POST', number < 102 ? `extensions/${number}` : 'extensions', {
			...(number < 102 ? {} : { number }),
			name,
			password: secret,
			record: number === '102' ? 'always' : 'never',
		});
	await send('PATCH', 'numbering/main', { country: 'DE', area_code: '30' }).catch(() => {});
	await send('POST', 'trunks', { name: 'provider', server: '127.0.0.1:5999', user: '4930123', password: secret });
	await call('102', '103', 14);
	await sleep(15000);
	void call('100', '101', 120);
	void call('104', '105', 120);
	await sleep(14000);
}

async function main() {
	for (let i = 0; i < 100 && !(await fetch(`${url}/healthz`).catch(() => null)); i++) await sleep(100);
	await fill();
	mkdirSync(out, { recursive: true });
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
	running.push(browser.process?.() ?? { kill() {} });
	const last = (await send('GET', 'cdr?limit=20')).items.find((c) => c.from === '102');
	const recording = (await send('GET', 'recordings')).items[0];
	const pictures = [
		['welcome', '/welcome', {}],
		['home', '/', {}],
		['home-dark', '/', { colorScheme: 'dark' }],
		['home-phone', '/', { viewport: { width: 390, height: 844 } }],
		['home-chinese', '/', { locale: 'zh-CN' }],
		['extensions', '/extensions', {}],
		['extension', '/extensions/100', {}],
		['calls', '/calls', {}],
		['call', `/calls/${last?.id}`, {}],
		['recording', `/recordings/${recording?.call ?? ''}`, { colorScheme: 'dark' }],
		['trunks', '/trunks', {}],
		['routes', '/routes_out', {}],
		['security', '/security', {}],
		['backup', '/backup', {}],
	];
	for (const [name, path, how] of pictures) {
		const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', colorScheme: 'light', ...how });
		const [key, value] = cookie.split('=');
		await context.addCookies([{ name: key, value, url }]);
		const page = await context.newPage();
		await page.goto(url + path);
		await page.waitForTimeout(2500);
		await page.screenshot({ path: join(out, `${name}.png`) });
		await context.close();
		if (name === 'welcome') await send('PATCH', 'settings/main', { first_steps: 'done' });
	}
	await browser.close();
}
try {
	await main();
} finally {
	for (const p of running) p.kill();
	await sleep(1500);
	rmSync(dir, { recursive: true, force: true });
}
