// fuzz.mjs PROGRAM: the interface fuzzed from its own description. Requests are made of /openapi.json of a running
// server and sent as everybody; each answer is held against the document. Nothing may be answered with 5xx that is not
// 503 or 507, nothing may change by what is refused, no secret may come back or be logged.
//
// FUZZ_SEED begins elsewhere ("new": anywhere; the seed is printed), FUZZ_SECONDS bounds a run (25), FUZZ_ONLY takes
// the operations with this in "METHOD /path", FUZZ_SHOW names those that were never carried out.
import { spawnSync } from "node:child_process";
import Ajv from "ajv/dist/2020.js";
import { Generator, marker, Random } from "./generate.mjs";
import { People, Server } from "./server.mjs";

const program = process.argv[2];
const seed = process.env.FUZZ_SEED === "new" ? Date.now() % 1_000_000_007 : Number(process.env.FUZZ_SEED ?? 1);
const seconds = Number(process.env.FUZZ_SECONDS ?? 25);
const only = process.env.FUZZ_ONLY; // a part of "METHOD /path"
const faults = new Map(); // text: how often
let sent = 0;
let last = "";

function fault(kind, what) {
	const key = `${kind}: ${what}`;
	faults.set(key, (faults.get(key) ?? 0) + 1);
}
const short = (v) => {
	const s = Buffer.isBuffer(v) ? v.toString("latin1") : String(v ?? "");
	return s.length > 300 ? `${s.slice(0, 300)}... (${s.length})` : s;
};

console.log(`seed ${seed}`);
const random = new Random(seed);
const server = await Server.start(program, ["--log-level", "debug"]);
const people = new People(server);
await people.prepare();
// a phone that registers, with a log that tells most
const phone = { password: people.secret("password of extension 100", "Pw-tremendous-phone-4") };
await people.make("PATCH", "extensions/100", phone);
const phoneArgs = ["phone", "--headless", "--user", "100", "--password", phone.password, "--server", `127.0.0.1:${server.sip}`];
spawnSync(program, [...phoneArgs, "--call", "599", "--wait", "3", "--seconds", "1"], { timeout: 15_000, stdio: "ignore" });
const seen = await server.ask({ path: "/api/v1/cdr?limit=1", control: true });
if (!seen.text.includes('"from":"100"') && !seen.text.includes('"from": "100"')) fault("vacuous", `the phone has not called: ${seen.text}`);
const text = (await server.ask({ path: "/api/v1/openapi.json", control: true })).text;
const doc = JSON.parse(text);
const gen = new Generator(doc, random);
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false });
ajv.addSchema({ $id: "api", ...doc });

// ---- the document's word on an answer

const checks = new Map();
function schemaCheck(pointer) {
	if (!checks.has(pointer)) checks.set(pointer, ajv.compile({ $ref: `api#${pointer}` }));
	return checks.get(pointer);
}
const escape = (s) => encodeURIComponent(s.replaceAll("~", "~0").replaceAll("/", "~1"));

function conforms(path, method, op, a) {
	const name = [String(a.status), `${a.status.toString()[0]}XX`, "default"].find((k) => op.responses[k]);
	if (!name) return `status ${a.status} is not in the document`;
	const type = (a.headers["content-type"] ?? "").split(";")[0];
	if (method === "head" || a.status === 204 || a.status === 304) return a.bytes.length ? `a body with ${a.status}` : null;
	let where = `/paths/${escape(path)}/${method}/responses/${name}`;
	const ref = op.responses[name].$ref;
	if (ref) where = ref.slice(1);
	const answer = gen.resolve(op.responses[name]);
	if (!answer.content) return null;
	if (!answer.content[type]) return `type "${type}" is not in the document`;
	if (type !== "application/json") return null;
	let json;
	try {
		json = JSON.parse(a.text);
	} catch {
		return "the body is no JSON";
	}
	const check = schemaCheck(`${where}/content/${escape(type)}/schema`);
	return check(json) ? null : `${check.errors[0].instancePath} ${check.errors[0].message} (${check.errors[0].schemaPath})`;
}

// ---- one request

const control = async (path) => JSON.parse((await server.ask({ path: `/api/v1/${path}`, control: true })).text);
const state = async () => JSON.stringify([(await control("config/history?limit=1")).items[0]?.id, await control("config/export")]);
let before = await state();
const reached = new Map(); // operation: statuses

async function send(path, method, op, who, kind) {
	const q = gen.request(path, method, op, kind);
	const p = people.who[who];
	q.headers = { ...q.headers, ...p.headers };
	q.control = p.control;
	last = `${method.toUpperCase()} ${short(q.path)} as ${who} ${JSON.stringify(q.headers)} ${short(q.body)}`;
	for (const [k, v] of Object.entries(q.headers)) if (/[^\t\x20-\xff]/.test(v)) delete q.headers[k];
	sent++;
	const a = await server.ask(q).catch((e) => ({ error: String(e) }));
	const op_ = `${method.toUpperCase()} ${path}`;
	if (a.error) {
		if (server.child.exitCode !== null || server.child.signalCode) throw new Error(`the server has ended, after ${last}`);
		return fault("no answer", `${op_}: ${a.error}; ${last}`);
	}
	reached.set(op_, (reached.get(op_) ?? new Set()).add(a.status));
	if (a.status >= 500 && a.status !== 503 && a.status !== 507) fault("5xx", `${a.status} ${short(a.text)}; ${last}`);
	const wrong = conforms(path, method, op, a);
	if (wrong) fault("document", `${op_}: ${a.status}: ${wrong}; ${last}; ${short(a.text)}`);
	const asked = /[?&]secrets=(1|true|yes|on)\b/.test(q.path) && a.status === 200;
	const open = asked || (method === "post" && /^\/(tokens|session|setup)$/.test(path)) ? people.found(a.text, "session") : people.found(a.text);
	if (!asked && open.length) fault("secret", `${open} in the answer; ${last}; ${short(a.text)}`);
	if (!asked && a.text.includes(marker) && !q.path.includes(marker)) fault("secret", `what was sent as a secret comes back; ${last}; ${short(a.text)}`);
	if (a.status >= 400 && method !== "get") {
		const now = await state();
		if (now !== before) fault("changed", `by a refused request (${a.status}); ${last}; ${short(a.text)}`);
		before = now;
	} else if (method !== "get") before = await state();
}

// ---- what it stands on is made again when a request has taken it away

async function restore() {
	for (const [who, p] of Object.entries(people.who)) {
		if (!p.password) continue;
		const a = await server.ask({ path: "/api/v1/session", headers: p.headers });
		if (a.status === 200) continue;
		const control_ = { control: true, method: "PATCH", path: `/api/v1/users/${p.name}` };
		await server.ask({ ...control_, body: JSON.stringify({ enabled: true, password: p.password }) });
		const r = await people.signIn(p.name, p.password);
		if (r.status !== 200 && r.status !== 429) fault("people", `${who} cannot sign in any more: ${r.status} ${r.text}`);
	}
	const make = async (plural, o) => server.ask({ method: "POST", path: `/api/v1/${plural}`, body: JSON.stringify(o), control: true });
	for (const n of ["100", "101", "110"]) await make("extensions", { number: n, name: "victim" });
	await server.ask({ method: "PATCH", path: "/api/v1/numbering/main", body: '{"country":"DE"}', control: true });
	await make("conferences", { number: "800", name: "victim" });
	await make("trunks", { name: "victim", server: "127.0.0.1:9", register: false, user: "x", password: people.secret("password of the trunk", "Pw-tremendous-trunk-5") });
	await make("users", { name: "victim", role: "read_only", password: people.secret("password of victim", "Pw-tremendous-victim-6") });
	await make("tokens", { name: "victim", role: "read_only" });
	for (const r of (await control("schema")).resources) {
		const key = r.fields.find((f) => f.key).name;
		const rows = (await control(`${r.plural}?limit=20`)).items.map((o) => String(o[key])).filter((k) => !people.protects(k));
		gen.known[key] = [...new Set([...(gen.known[key] ?? []), ...rows])].slice(-30);
	}
	Object.assign(gen.known, { trunk: ["victim"], conference: ["800"], inspect: (await control("inspect")).items });
	const sessions = await server.ask({ path: "/api/v1/me/sessions", headers: people.who["session the-user"].headers });
	gen.known.session = (JSON.parse(sessions.text).items ?? []).map((o) => String(o.id));
	gen.known.undo = (await control("config/history?limit=3")).items.map((o) => String(o.id));
	await server.ask({ method: "PUT", path: "/api/v1/log-level", body: '{"level":"debug"}', control: true });
	before = await state();
}
people.protects = (k) => /^(the-|all-|root-of-all$|127\.0\.0\.0)/.test(k);

// ---- all of it

const operations = [];
for (const [path, item] of Object.entries(doc.paths))
	for (const method of ["get", "post", "put", "patch", "delete"])
		if (item[method] && (!only || `${method.toUpperCase()} ${path}`.includes(only))) operations.push([path, method, item[method]]);
const slow = (path) => /^\/(session|setup|me\/password|me\/totp|backup|restore)/.test(path);
const own = ["session the-user", "session the-manager"];
const names = Object.keys(people.who);
const end = Date.now() + seconds * 1000;
let rounds = 0;
try {
	while (Date.now() < end || rounds < 2) {
		await restore();
		for (const [path, method, op] of operations) {
			if (rounds > 1 && Date.now() > end) break;
			if (slow(path) && rounds > 2) continue;
			for (const kind of ["right", "near", "hostile", "hostile"])
				await send(path, method, op, random.of(/^\/(me|session)/.test(path) ? own : ["control socket", "session root-of-all", "token of all scopes"]), kind);
			await send(path, method, op, random.of(names), random.of(["right", "near", "hostile"]));
			if (/session/.test(path)) await restore();
		}
		for (const path of Object.keys(doc.paths)) { // methods that are not there
			const method = random.of(["put", "post", "patch", "delete"]);
			if (doc.paths[path][method] || rounds) continue;
			const op = { responses: { "4XX": { $ref: "#/components/responses/error" } } };
			await send(path, method, op, "control socket", "right");
		}
		rounds++;
	}
	await bytes();
} catch (e) {
	fault("server", `${e.stack ?? e}; ${last}`);
}

/** What no client sends. */
async function bytes() {
	const h = "Host: x\r\nConnection: close\r\n";
	for (const line of [
		"GET /api/v1/extensions/\x00 HTTP/1.1", "GET /api/v1/../../../etc/passwd HTTP/1.1", "GET /api/v1/extensions/%2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1",
		"GET /api/v1/ext\xff\xfe HTTP/1.1", "GET http://elsewhere/api/v1/status HTTP/1.1", "GET //api/v1/status HTTP/1.1", "GET /api/v1 HTTP/1.1", "GET /api/v1/ HTTP/1.1",
		"GET /api/v2/status HTTP/1.1", "G\x01T /api/v1/status HTTP/1.1", "PROPFIND /api/v1/status HTTP/1.1", "TRACE /api/v1/status HTTP/1.1", "CONNECT x:1 HTTP/1.1",
		"OPTIONS * HTTP/1.1", "GET /api/v1/status HTTP/9.9", "GET /api/v1/status", `GET /${"a".repeat(70000)} HTTP/1.1`,
	]) {
		for (const more of ["", "Content-Length: -1\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: x, chunked\r\nContent-Length: 5\r\n"]) {
			last = `${short(line)} ${more}`;
			sent++;
			const a = await server.raw(Buffer.from(`${line}\r\n${h}${more}\r\n${more.includes("hunked") ? "zz\r\n" : ""}`, "latin1")).catch(() => "");
			const status = Number(/^HTTP\/1\.1 (\d+)/.exec(a)?.[1] ?? 0);
			if (status >= 500 && status !== 501 && status !== 505) fault("5xx", `${status}; ${last}`);
			if (/root:.*:0:0/.test(a)) fault("path", `a file of the machine; ${last}`);
			if (people.found(a).length) fault("secret", `${people.found(a)}; ${last}`);
		}
	}
}

// ---- is it alive, and what has it said?

const alive = await server.ask({ path: "/healthz" }).catch((e) => ({ status: String(e) }));
if (alive.status !== 200) fault("server", `it is not alive: ${alive.status}; ${last}`);
const rc = await server.stop();
if (rc !== 0) fault("server", `it ends with ${rc}; ${last}`);
const output = server.output();
const report = /^.*(AddressSanitizer|LeakSanitizer|runtime error|Assertion).*$/m.exec(output);
if (report) fault("sanitizer", output.slice(report.index, report.index + 3000));
for (const name of people.found(output)) fault("log", `${name} stands in the log: ${short(output.split("\n").find((l) => l.includes(people.secrets.get(name))))}`);
if (output.includes(marker)) fault("log", `a secret of a request stands in the log: ${short(output.split("\n").find((l) => l.includes(marker)))}`);

let fine = 0;
const never = [];
for (const [path, method] of operations) {
	const seen = [...(reached.get(`${method.toUpperCase()} ${path}`) ?? [])];
	if (seen.some((s) => s < 300)) fine++;
	else never.push(`${method.toUpperCase()} ${path} (${seen})`);
}
if (process.env.FUZZ_SHOW) console.log(`never done: ${never.join(", ")}`);
if (!only && fine < operations.length / 3) fault("vacuous", `only ${fine} of ${operations.length} operations were ever carried out: ${never.slice(0, 30)}`);
console.log(`${sent} requests, ${operations.length} operations (${fine} of them carried out), ${rounds} rounds, ${output.length} bytes of log searched`);
for (const [what, n] of [...faults].slice(0, 40)) console.log(`-- ${what}${n > 1 ? ` (${n} times)` : ""}`);
if (faults.size > 40) console.log(`... and ${faults.size - 40} more`);
server.remove();
console.log(`${operations.length} passed, ${faults.size} failed${faults.size ? ` (FUZZ_SEED=${seed})` : ""}`);
process.exit(faults.size ? 1 : 0);
