// field.mjs PROGRAM WITHOUT: a program with the field desk_height in its table of extensions, and the one without it.
// What was added in one place is found in all.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { Server } from "./server.mjs";

const [program, without] = process.argv.slice(2);
let pass = 0;
let fail = 0;
function check(name, good, seen) {
	if (good) pass++;
	else {
		fail++;
		console.log(`-- ${name}: ${JSON.stringify(seen)?.slice(0, 600)}`);
	}
}

const server = await Server.start(program);
const ask = async (method, path, body, headers = {}) => {
	const r = await server.ask({ method, path: `/api/v1/${path}`, body, headers, control: true });
	return { status: r.status, text: r.text, json: /json/.test(r.headers["content-type"]) ? JSON.parse(r.text) : null };
};
const cli = (...args) => spawnSync(program, [...args, "--data", join(server.dir, "data")], { encoding: "utf8", timeout: 20_000 });
try {
	let a = await ask("GET", "extensions/100");
	check("REST: the default of rows that were there", a.json.desk_height === 75, a.json);
	a = await ask("PATCH", "extensions/100", '{"desk_height": 72}');
	check("REST: changed", a.status === 200 && a.json.desk_height === 72, a.json);
	a = await ask("PATCH", "extensions/100", '{"desk_height": 131}');
	check("check: out of its range, with a sentence", a.status === 422 && /from 60 to 130/.test(a.json.error.message) && a.json.error.field === "desk_height", a.json);
	a = await ask("PATCH", "extensions/100", '{"desk_height": "high"}');
	check("check: of a wrong type", a.status === 422 && a.json.error.field === "desk_height", a.json);
	a = await ask("GET", "extensions?desk_height=72&sort=-desk_height");
	check("REST: filter and sorting", a.status === 200 && a.json.items.length === 1 && a.json.items[0].number === "100", a.json);

	a = await ask("GET", "schema");
	const f = a.json.resources.find((r) => r.name === "extension").fields.find((x) => x.name === "desk_height");
	check("schema", f?.type === "integer" && f.min === 60 && f.max === 130 && f.default === 75 && f.unit === "cm" && f.help === "How high the desk is.", f);
	const doc = (await ask("GET", "openapi.json")).json;
	const s = doc.components.schemas.extension.properties.desk_height;
	check("OpenAPI: the row", s?.description === "How high the desk is." && JSON.stringify(s).includes('"maximum":130'), s);
	check("OpenAPI: the filter", doc.paths["/extensions"].get.parameters.some((p) => p.name === "desk_height"), null);

	a = await ask("GET", "extensions?format=csv");
	const line = a.text.split(/\r?\n/);
	check("CSV out", line[0].split(",").includes("desk_height") && line[1].split(",")[line[0].split(",").indexOf("desk_height")] === "72", line);
	a = await ask("PUT", "extensions", "number,desk_height\n101,110\n", { "Content-Type": "text/csv" });
	check("CSV in", a.status === 200 && a.json.changed === 1, a.json);
	a = await ask("GET", "config/export");
	check("export", a.json.extensions.find((e) => e.number === "101").desk_height === 110, a.json.extensions);
	a = await ask("GET", "config/history?limit=1");
	check("history", JSON.stringify(a.json.items[0].items[0].diff.desk_height) === "[75,110]", a.json);

	let c = cli("extension", "set", "100", "--desk-height", "80");
	check("command line: set", c.status === 0 && /changed/.test(c.stdout), [c.status, c.stdout, c.stderr]);
	c = cli("extension", "show", "100", "--json");
	check("command line: show", JSON.parse(c.stdout).desk_height === 80, c.stdout);
	c = cli("extension", "set", "100", "--desk-height", "5");
	check("command line: refused", c.status !== 0 && /60 to 130/.test(c.stdout + c.stderr), [c.status, c.stdout, c.stderr]);
	const help = execFileSync(program, ["extension", "set", "--help"], { encoding: "utf8" });
	check("command line: help", /--desk-height N\s+How high the desk is\./.test(help), help);
	check("the program without it", !/desk-height/.test(execFileSync(without, ["extension", "set", "--help"], { encoding: "utf8" })), null);
} catch (e) {
	check("all of it", false, `${e.stack ?? e}`);
}
check("the server ends with 0", (await server.stop()) === 0, server.output().slice(-500));
server.remove();
console.log(`${pass} passed, ${fail} failed`);
process.exit(fail ? 1 : 0);
