// web-embed DIST OUT: turn the built page into a C file, each file of it compressed (gzip -9), as src/http/http.h wants it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, extname } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.json': 'application/json',
	'.svg': 'image/svg+xml',
	'.png': 'image/png',
	'.woff2': 'font/woff2',
	'.txt': 'text/plain; charset=utf-8',
	'.webmanifest': 'application/manifest+json',
};
const [dist, out] = process.argv.slice(2);
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
	.filter((e) => e.isFile())
	.map((e) => join(e.parentPath ?? e.path, e.name).slice(dist.length).replaceAll('\\', '/'))
	.sort();

const bytes = (b) => {
	const lines = [];
	for (let i = 0; i < b.length; i += 32) lines.push('\t' + [...b.subarray(i, i + 32)].join(','));
	return lines.join(',\n');
};
const arrays = [];
const rows = files.map((path, i) => {
	const type = types[extname(path)];
	if (!type) throw new Error(`${path}: what Content-Type has it? Name it in tools/web-embed.mjs`);
	const raw = readFileSync(dist + path);
	const gz = gzipSync(raw, { level: 9 });
	gz[9] = 255; // the system that compressed it is nobody's business, and the same everywhere
	const hash = createHash('sha256').update(raw).digest('hex').slice(0, 16);
	arrays.push(`static const uint8_t a${i}[] = {\n${bytes(gz)}};\n`);
	const url = path === '/index.html' ? '/' : path;
	return `\t{"${url}", "${type}", "\\"${hash}\\"", a${i}, sizeof(a${i}), ${path.startsWith('/assets/')}},\n`;
});
writeFileSync(
	out,
	`/* The page, made by tools/web-embed.mjs from web/dist: do not edit. */\n#include "app/assets.h"\n\n` +
		`${arrays.join('')}\nconst struct http_asset web_assets[] = {\n${rows.join('')}};\n` +
		`const size_t web_nassets = sizeof(web_assets) / sizeof(web_assets[0]);\n`,
);
