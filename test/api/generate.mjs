// Requests made of an OpenAPI document: right, nearly right and hostile ones. All of them follow from one seed.
import { gzipSync } from "node:zlib";

export class Random {
	constructor(seed) {
		this.a = seed >>> 0;
	}
	next() {
		this.a = (this.a + 0x6d2b79f5) >>> 0;
		let t = this.a;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	}
	below(n) {
		return Math.floor(this.next() * n);
	}
	chance(p) {
		return this.next() < p;
	}
	of(v) {
		return v[this.below(v.length)];
	}
}

/** What is written into members that hold secrets: it may never come back, nor be logged. */
export const marker = "xSecretMarkerx";
const secretName = /^(password|passphrase|old|secret|pin|admin_pin|private_key|key_pem|auth_password|token|code)$/;

const strings = [
	"", " ", "a", "0", "-1", "null", "true", "100", "101", "*", "%", "_", "'", '"', "\\", "`", "';--", "' OR 1=1 --", '"; DROP TABLE extensions; --',
	"<script>alert(1)</script>", "\u0000", "a\u0000b", "\u0001\u0007\u001b[31m", "\r\nSet-Cookie: x=y", "\n", "\t", "\u007f", "\u0085", "\u2028", "\ufeff", "\ufffd",
	"\u202eabc", "é", "e\u0301", "中文", "👩‍👩‍👧‍👦", "\ud800", "ａ", "../../etc/passwd", "..", ".", "/", "%00", "%2e%2e%2f", "%", "%zz", "${7*7}", "{{7*7}}",
	"127.0.0.1", "::1", "0.0.0.0/0", "::/0", "999.999.999.999", "1e999", "NaN", "Infinity", "0x10", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "2026-02-30", "2026-13-01T99:99", "sip:100@127.0.0.1", "sip:x@[::1", "http://[", "a@b", "*/*", "+", "#", "?", "&", "=", ",", ";",
];
const numbers = [0, -0, 1, -1, 2, 60, 255, 256, 65535, 65536, 2147483647, 2147483648, -2147483649, 4294967296, 9007199254740993, 1.5, -0.1, 1e15, 1e30, 1e308];
const texts = ["9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e400", "-1e400", "1E-400", "00", "01", "1.", "1".repeat(400)];

export class Generator {
	constructor(doc, random) {
		this.doc = doc;
		this.r = random;
		this.known = { number: ["100", "101", "110"], name: ["victim"], main: ["main"] };
		this.n = 0;
	}

	resolve(s) {
		while (s?.$ref) s = s.$ref.slice(2).split("/").reduce((o, k) => o?.[k.replaceAll("~1", "/")], this.doc);
		return s ?? {};
	}

	text() {
		const r = this.r;
		switch (r.below(8)) {
		case 0:
			return "x".repeat(r.of([64, 65, 128, 255, 256, 257, 1000, 4096, 20000]));
		case 1:
			return r.of(["é", "中", "👩", "\u0301", "\u202e", "<", "%"]).repeat(r.of([5, 64, 300, 2000]));
		case 2:
			return String.fromCodePoint(...Array.from({ length: r.below(20) }, () => r.below(r.of([0x80, 0x250, 0xd000]))));
		case 3:
			return r.of(strings) + r.of(strings);
		default:
			return r.of(strings);
		}
	}

	/** Some value of any type. */
	any(depth = 0) {
		const r = this.r;
		switch (r.below(depth > 3 ? 5 : 8)) {
		case 0:
			return null;
		case 1:
			return r.chance(0.5);
		case 2:
			return r.of(numbers);
		case 3:
		case 4:
			return this.text();
		case 5:
			return Array.from({ length: r.of([0, 1, 2, 50]) }, () => this.any(depth + 1));
		case 6:
			return Object.fromEntries(Array.from({ length: r.below(4) }, () => [this.text(), this.any(depth + 1)]));
		default:
			return {};
		}
	}

	secretText() {
		return `${marker}${this.n++}`;
	}

	/** A value that the schema allows, as far as a schema can tell. */
	right(schema, name = "", depth = 0) {
		const r = this.r;
		const s = this.resolve(schema);
		if (s.allOf) return Object.assign({}, ...s.allOf.map((x) => this.right(x, name, depth)), this.required(s, depth));
		if (s.anyOf) return this.right(r.of(s.anyOf), name, depth);
		if (s.enum) return r.of(s.enum);
		if (s.type === "null") return null;
		if (s.type === "boolean") return r.chance(0.5);
		if (s.type === "integer" || s.type === "number") {
			if (r.chance(0.3)) return r.of([s.minimum ?? 0, s.maximum ?? 100]);
			return (s.minimum ?? 0) + r.below(Math.min(1000, (s.maximum ?? 1000) - (s.minimum ?? 0)) + 1);
		}
		if (s.type === "array") return Array.from({ length: r.below(3) }, () => this.right(s.items ?? {}, name, depth + 1));
		if (s.type === "object") {
			const o = {};
			if (depth < 4)
				for (const [k, v] of Object.entries(s.properties ?? {}))
					if (!this.resolve(v).readOnly && (s.required?.includes(k) || r.chance(0.4))) o[k] = this.right(v, k, depth + 1);
			return o;
		}
		if (secretName.test(name)) return this.secretText();
		switch (name) {
		case "number": case "to": case "from": case "extension": case "conference":
			return String(r.chance(0.3) ? r.of([100, 101]) : 200 + r.below(700));
		case "network": case "address":
			return `192.0.2.${r.below(256)}${r.chance(0.5) ? "/32" : ""}`;
		case "name":
			return `n${r.below(1000)}`;
		case "role":
			return "read_only";
		default:
			return r.of(["", "abc", "100", "Some words", "127.0.0.1", "+4930123456"]).slice(0, s.maxLength);
		}
	}
	required(s, depth) {
		const all = Object.assign({}, ...(s.allOf ?? []).map((x) => this.resolve(x).properties ?? {}));
		return Object.fromEntries((s.required ?? []).filter((k) => all[k]).map((k) => [k, this.right(all[k], k, depth + 1)]));
	}

	/** Often only what has to be and one more: the less there is, the less is refused for another reason. */
	few(o, schema) {
		const need = this.resolve(schema).required ?? [];
		const keep = this.r.of(Object.keys(o).concat(""));
		return this.r.chance(0.3) ? o : Object.fromEntries(Object.entries(o).filter(([k]) => k === keep || need.includes(k)));
	}

	members(schema) {
		const s = this.resolve(schema);
		return { ...s.properties, ...Object.assign({}, ...(s.allOf ?? []).map((x) => this.members(x))) };
	}

	/** A body of JSON as text: right, with one fault, or hostile. */
	json(schema, kind) {
		const r = this.r;
		const o = this.few(this.right(schema), schema);
		if (kind === "right") return JSON.stringify(o);
		const names = Object.keys(this.members(schema));
		const name = names.length ? r.of(names) : "x";
		if (kind === "near") {
			switch (r.below(7)) {
			case 0: {
				delete o[name];
				return JSON.stringify(o);
			}
			case 1:
				return JSON.stringify({ ...o, [this.text()]: this.any() });
			case 2: // a member twice
				return JSON.stringify(o).replace(/^\{/, `{${JSON.stringify(name)}:${JSON.stringify(this.any())},`).replace(/,\}$/, "}");
			case 3: // a number as no JavaScript has it
				return JSON.stringify({ ...o, [name]: "@@" }).replace('"@@"', r.of(texts));
			default:
				// no secret can stand in a wrong value: it would be told in the message
				return JSON.stringify({ ...o, [name]: this.any() });
			}
		}
		switch (r.below(14)) {
		case 0:
			return "";
		case 1:
			return JSON.stringify(this.any());
		case 2:
			return "[".repeat(r.of([10, 2047, 2049, 100000]));
		case 3:
			return '{"a":'.repeat(r.of([10, 2047, 100000])) + "1" + "}".repeat(10);
		case 4:
			return JSON.stringify(o).slice(0, -1 - r.below(5));
		case 5:
			return JSON.stringify([o]);
		case 6:
			return Buffer.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]);
		case 7:
			return Buffer.concat([Buffer.from(`{"${name}":"`), Buffer.from(r.of([[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80], [0]])), Buffer.from('"}')]);
		case 8:
			return `{"${name}":"\\ud800","${name}":"\\u0000"}`;
		case 9:
			return `${JSON.stringify(o)} ${JSON.stringify(o)}`;
		case 10:
			return `{${Array.from({ length: 3000 }, (_, i) => `"k${i}":${i}`)}}`;
		case 11:
			return gzipSync(JSON.stringify(o));
		case 12:
			return JSON.stringify({ ...o, [name]: "y".repeat(r.of([70_000, 1_000_000])) });
		default:
			return JSON.stringify(Object.fromEntries(names.map((k) => [k, this.any()])));
		}
	}

	csv(schema, kind) {
		const r = this.r;
		const names = Object.keys(this.members(schema)).filter((k) => k !== "live");
		const cell = (v) => (typeof v === "string" && /[",\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v === null ? "" : String(v));
		const row = () => {
			const o = this.right(schema);
			return names.map((k) => cell(o[k] ?? "")).join(",");
		};
		const good = `${names}\n${row()}\n${row()}\n`;
		if (kind === "right") return good;
		switch (r.below(9)) {
		case 0:
			return good.replace(/,/, ';"');
		case 1:
			return `${good}"`;
		case 2:
			return `${names}\n${",".repeat(r.of([1, 500, 20000]))}\n`;
		case 3:
			return `${names},${r.of(names)}\n${row()}\n`;
		case 4:
			return Buffer.from([...Buffer.from(`${names}\n`), 0xff, 0, 0x22, 0x0a]);
		case 5:
			return `${names}\n${names.map(() => cell(this.text())).join(",")}\n`;
		case 6:
			return `${names}\n"${"z".repeat(100_000)}"\n`;
		case 7:
			return `${r.of(["", "\ufeff", "\n\n", "x", "=cmd()"])}\n1\n`;
		default:
			return `${names}\n${`${row()}\n`.repeat(300)}`;
		}
	}

	pathValue(name, kind) {
		const r = this.r;
		if (kind === "hostile" && r.chance(0.7))
			return r.of([
				"..", ".", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%00", "100%00", "%", "%zz", "%c0%ae%c0%ae", "%ed%a0%80", "%ff", "100%0d%0aX:y", "'", "%22", "%3Cscript%3E",
				"a".repeat(300), "%61".repeat(2000), "-1", "0", "99999999999999999999", "*", "100;x=y", "100%2f..", "%5c..%5c", "+", "~", "%25252e", "中",
			]).replace("中", "%E4%B8%AD");
		const list = this.known[name] ?? [];
		return encodeURIComponent(r.chance(0.8) && list.length ? r.of(list) : r.of(["1", "800", "nothing", "main", "2", "victim"]));
	}

	query(parameters, kind) {
		const r = this.r;
		const v = [];
		for (const p of parameters) {
			if (p.in !== "query" || !r.chance(kind === "right" ? 0.25 : 0.35)) continue;
			const good = p.name === "limit" ? 1 + r.below(100) : p.name === "sort" ? r.of(["name", "number", "-number"]) : this.right(p.schema, "");
			const bad = kind === "right" || (kind === "near" && r.chance(0.5)) ? good : this.any(9);
			v.push(`${encodeURIComponent(p.name)}=${encodeURIComponent(wellFormed(String(bad)))}`);
		}
		if (kind !== "right" && r.chance(0.2))
			v.push(
				r.of([
					"limit=0", "limit=-1", "limit=99999999999999999999", "after=%00", "after=%ff%fe", "after=..", "after=MTIz", "before=zzz", "before=-1", "before=1-", "sort=nothing", "sort=-",
					"sort=password", "password=x", "q=%25", "q=%", "q=%zz", "q=" + "a".repeat(3000), "limit=1&limit=2", "&&&&", "=", "=x", "x", "a[]=1", "secrets=2", "secrets=1&secrets=0", "live=maybe",
					"since=99999999999999999999", "since=2026-99-99", "since=-1&until=-2", "format=xml", "dry_run=perhaps", "x=".repeat(3000), "unknown=1", "header=0", "%00=%00", "from=%F0%9F%98%80",
				]),
			);
		return v.length ? `?${v.join("&")}` : "";
	}

	/** {method, path, headers, body} */
	request(path, method, op, kind) {
		const r = this.r;
		const item = this.doc.paths[path] ?? {};
		const parameters = [...(item.parameters ?? []), ...(op.parameters ?? [])].map((p) => this.resolve(p));
		const q = { method: method.toUpperCase(), headers: {} };
		q.path = `/api/v1${path.replace(/\{(\w+)\}/g, (_, name) => this.pathValue(name, kind))}${this.query(parameters, kind)}`;
		for (const p of parameters)
			if (p.in === "header" && p.name !== "X-CSRF-Token" && r.chance(0.3))
				q.headers[p.name] = r.of(['"v1"', '"v0"', "*", 'W/"v1"', '"v', "v1", '"v1", "v2"', '"v99999999999999999999"', "", "x".repeat(2000)]);
		const types = Object.keys(op.requestBody?.content ?? {});
		if (types.length) {
			const type = r.of(types);
			const schema = op.requestBody.content[type].schema ?? op.requestBody.content["application/json"]?.schema ?? {};
			const row = this.doc.paths[path].post?.requestBody?.content["application/json"]?.schema ?? schema;
			q.headers["Content-Type"] = type;
			if (type === "text/csv") q.body = this.csv(row, kind);
			else if (type === "application/gzip") q.body = r.of([gzipSync("nothing"), gzipSync(Buffer.alloc(100_000)), gzipSync("x").subarray(0, 12), "no gzip", ""]);
			else q.body = this.json(schema, kind);
			if (kind === "hostile" && r.chance(0.3))
				q.headers["Content-Type"] = r.of(["text/plain", "", "application/xml", "multipart/form-data; boundary=x", "text/csv", "application/json; charset=utf-16", "a".repeat(500), "application/gzip"]);
			if (kind === "hostile" && r.chance(0.1)) q.headers["Content-Encoding"] = "gzip";
		} else if (kind === "hostile" && r.chance(0.3)) q.body = r.of(["{}", "null", "x", "[[[["]);
		if (kind === "hostile") {
			if (r.chance(0.1)) q.headers["Accept"] = r.of(["text/csv", "text/html", "*/*;q=0", "application/xml", "x/y,".repeat(500)]);
			if (r.chance(0.1)) q.headers["Range"] = r.of(["bytes=0-", "bytes=9-1", "bytes=-99999999999999999999", "lines=1-2", `bytes=${"0-0,".repeat(500)}1-1`]);
			if (r.chance(0.05)) q.headers["X-HTTP-Method-Override"] = "DELETE";
		}
		// nothing that takes away what the test stands on: a whole configuration is replaced in a dry run only
		if (path === "/config/import" && !/dry_run=(1|true)/.test(q.path)) q.path = "/api/v1/config/import?dry_run=1";
		return q;
	}
}

/** JavaScript's half characters cannot be percent-encoded. */
function wellFormed(s) {
	return Buffer.from(s, "utf8").toString("utf8");
}
