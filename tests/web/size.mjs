// node tests/web/size.mjs FOLDER: what index.html makes a browser fetch, against its budget.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET = 180 * 1024;
const folder = process.argv[2];
const html = readFileSync(join(folder, 'index.html'), 'utf8');
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=/.test(html)) throw new Error('index.html has a script or a style in it, which the policy forbids');
const names = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]);
if (names.length === 0) throw new Error('index.html names no script');
let total = 0;
for (const name of names) {
  const text = readFileSync(join(folder, name));
  if (text.includes('getZr')) throw new Error(`${name} holds the charting library`);
  total += gzipSync(text, { level: 9 }).length;
}
console.log(`${names.length} script(s), ${total} bytes gzipped`);
if (total > BUDGET) throw new Error(`${total} bytes gzipped, ${BUDGET} allowed`);
