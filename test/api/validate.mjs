// validate.mjs FILE: is the OpenAPI document valid, as others see it? A document with a fault put in must not be.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const doc = JSON.parse(readFileSync(process.argv[2], "utf8"));
let pass = 0;
let fail = 0;

async function check(name, document, want) {
	const res = await new Validator().validate(document);
	if (res.valid === want) {
		pass++;
		return;
	}
	fail++;
	console.log(`-- ${name}: ${res.valid ? "taken" : JSON.stringify(res.errors, null, 1).slice(0, 4000)}`);
}

await check("the document", doc, true);
const broken = structuredClone(doc);
delete Object.values(Object.values(broken.paths)[0])[0].responses["4XX"].$ref;
broken.paths["/status"].get.parameters = [{ name: "x", in: "nowhere" }];
await check("a broken document", broken, false);
console.log(`${pass} passed, ${fail} failed`);
process.exit(fail ? 1 : 0);
