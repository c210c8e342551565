// A server of its own in a temporary directory, on ports of 127.0.0.1 that nobody else has; requests to it as they are,
// without anything that a client would mend.
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

function freePort() {
	return new Promise((resolve, reject) => {
		const s = createServer();
		s.once("error", reject);
		s.listen(0, "127.0.0.1", () => {
			const { port } = s.address();
			s.close(() => resolve(port));
		});
	});
}

export class Server {
	static async start(program, options = []) {
		const s = new Server();
		s.dir = mkdtempSync(join(tmpdir(), "offhook-api-"));
		s.port = await freePort();
		s.sip = await freePort();
		const log = openSync(join(s.dir, "output"), "w");
		s.child = spawn(
			program,
			["serve", "--data", join(s.dir, "data"), "--listen", "127.0.0.1", "--sip-port", String(s.sip)]
				.concat(["--sips-port", "0", "--http-port", String(s.port), "--https-port", "0"])
				.concat(["--rtp-ports", "43000-43099"], options),
			{ stdio: ["ignore", log, log] },
		);
		closeSync(log);
		s.ended = new Promise((r) => s.child.once("exit", (code, signal) => r(signal ?? code)));
		s.agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
		for (let i = 0; i < 600 && s.child.exitCode === null; i++) {
			const up = await s.ask({ path: "/healthz" }).catch(() => null);
			if (up?.status === 200) return s;
			await new Promise((r) => setTimeout(r, 50));
		}
		throw new Error(`the server did not start:\n${s.output()}`);
	}

	output() {
		return readFileSync(join(this.dir, "output"), "utf8");
	}
	get socket() {
		return join(this.dir, "data", "control.sock");
	}
	/** The one-time code of the link for the first administrator. */
	get token() {
		return /setup#(\S+)/.exec(this.output())?.[1] ?? "";
	}

	/** {method, path, headers, body, control}: {status, headers, text}. Rejects when the connection ends without one. */
	ask({ method = "GET", path, headers = {}, body, control = false }) {
		if (body !== undefined && body !== null) headers = { "Content-Length": Buffer.byteLength(body), ...headers };
		const where = control ? { socketPath: this.socket } : { host: "127.0.0.1", port: this.port, agent: this.agent };
		return new Promise((resolve, reject) => {
			const q = http.request({ ...where, method, path, headers: { ...headers } }, (r) => {
				const parts = [];
				r.on("data", (d) => parts.push(d));
				r.on("error", reject);
				r.on("end", () => {
					const bytes = Buffer.concat(parts);
					resolve({ status: r.statusCode, headers: r.headers, bytes, text: bytes.toString("utf8") });
				});
			});
			q.setTimeout(30_000, () => q.destroy(new Error("no answer in 30 s")));
			q.on("error", reject);
			q.end(body);
		});
	}

	/** Bytes as they are; all that comes back until the server closes. */
	raw(bytes) {
		return new Promise((resolve, reject) => {
			const c = connect(this.port, "127.0.0.1");
			let text = "";
			c.on("data", (d) => (text += d.toString("latin1")));
			c.on("error", (e) => (text ? resolve(text) : reject(e)));
			c.on("close", () => resolve(text));
			c.setTimeout(30_000, () => c.destroy(new Error("no answer in 30 s")));
			c.write(bytes);
		});
	}

	/** Ends it; its exit status. */
	async stop() {
		this.agent.destroy();
		if (this.child.exitCode === null) this.child.kill("SIGTERM");
		const timer = setTimeout(() => this.child.kill("SIGKILL"), 20_000);
		const rc = await this.ended;
		clearTimeout(timer);
		return rc;
	}
	remove() {
		rmSync(this.dir, { recursive: true, force: true });
	}
}

/** What people are called here, how they sign in, and tokens of each scope. All the secrets are in `secrets`. */
export class People {
	secrets = new Map();
	who = {};
	constructor(server) {
		this.server = server;
	}
	secret(name, value) {
		this.secrets.set(name, value);
		return value;
	}

	async make(method, path, body) {
		const r = await this.server.ask({ method, path: `/api/v1/${path}`, body: JSON.stringify(body), control: true });
		if (r.status >= 300) throw new Error(`${method} ${path}: ${r.status} ${r.text}`);
		return JSON.parse(r.text || "{}");
	}

	async signIn(name, password) {
		const r = await this.server.ask({ method: "POST", path: "/api/v1/session", body: JSON.stringify({ name, password }) });
		return r.status === 200 ? this.session(name, password, r) : r;
	}
	session(name, password, r) {
		const cookie = r.headers["set-cookie"][0].split(";")[0];
		const { csrf } = JSON.parse(r.text);
		this.secret(`session of ${name}`, cookie.split("=")[1]);
		this.who[`session ${name}`] = { headers: { Cookie: cookie, "X-CSRF-Token": csrf }, name, password };
		return r;
	}

	async prepare() {
		const password = this.secret("password of root-of-all", "Pw-tremendous-Zebra-1");
		const setup = { token: this.server.token, name: "root-of-all", password };
		const r = await this.server.ask({ method: "POST", path: "/api/v1/setup", body: JSON.stringify(setup) });
		if (r.status !== 200) throw new Error(`setup: ${r.status} ${r.text}`);
		this.session("root-of-all", password, r);
		await this.make("POST", "allowed_networks", { network: "127.0.0.0/8", note: "the test" });
		for (const role of ["manager", "read_only", "user"]) {
			const pw = this.secret(`password of the-${role}`, `Pw-tremendous-${role}-2`);
			const own = role === "user" ? { extension: "100" } : {};
			await this.make("POST", "users", { name: `the-${role}`, role, password: pw, ...own });
			await this.signIn(`the-${role}`, pw);
		}
		for (const scope of ["", "read", "write", "calls", "records", "metrics"]) {
			const name = `all-${scope || "scopes"}`;
			const t = await this.make("POST", "tokens", { name, role: "administrator", ...(scope ? { scopes: scope } : {}) });
			this.who[`token ${scope || "of all scopes"}`] = { headers: { Authorization: `Bearer ${this.secret(`token ${name}`, t.token)}` } };
		}
		this.who["control socket"] = { headers: {}, control: true };
		this.who["nobody"] = { headers: {} };
		this.who["a wrong token"] = { headers: { Authorization: "Bearer oh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" } };
	}

	/** Secrets (by name) that stand in a text, all but those of `ours`. */
	found(text, but = "\0") {
		return [...this.secrets].filter(([name, value]) => !name.startsWith(but) && text.includes(value)).map(([name]) => name);
	}
}
