// web-size DIST LIMIT: what a browser fetches before the page shows something (index.html and all that it names),
// compressed, in kB. Fails above LIMIT.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const [dist, limit] = process.argv.slice(2);
const html = readFileSync(`${dist}/index.html`, 'utf8');
const names = ['/index.html', ...new Set([...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1]))];
const kb = (n) => (n / 1000).toFixed(1);
const sizes = names.map((n) => [n, gzipSync(readFileSync(dist + n), { level: 9 }).length]);
const sum = sizes.reduce((n, [, s]) => n + s, 0);
console.log(`first load: ${kb(sum)} kB compressed, of ${limit} kB allowed`);
for (const [n, s] of sizes) console.log(`  ${kb(s).padStart(7)} kB  ${n}`);
process.exit(sum > Number(limit) * 1000 ? 1 : 0);
