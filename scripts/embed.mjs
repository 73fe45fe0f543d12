// embed.mjs ASSETS GEN: every file below ASSETS, with its gzip and brotli forms where they are smaller, as
// GEN/assets.S (the bytes) and GEN/assets.c (the table of api/assets.h, sorted by path).
// docs/openapi.json, when there, becomes /api/openapi.json.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [assets, gen] = process.argv.slice(2);
if (!assets || !gen) {
  console.error('usage: embed.mjs ASSETS GEN');
  process.exit(2);
}

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/vnd.microsoft.icon',
  '.woff2': 'font/woff2',
  '.pdf': 'application/pdf',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

const files = readdirSync(assets, { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile() && !f.name.startsWith('.'))
  .map((f) => {
    const from = join(f.parentPath, f.name);
    return { from, path: '/' + from.slice(join(assets, '/').length).replaceAll('\\', '/') };
  });
if (existsSync('docs/openapi.json')) files.push({ from: 'docs/openapi.json', path: '/api/openapi.json' });
const bytewise = (a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
files.sort(bytewise);

const blobs = join(gen, 'blobs');
rmSync(blobs, { recursive: true, force: true });
mkdirSync(blobs, { recursive: true });
// A string of C and of the assembler alike: printable ASCII, the rest in octal.
const quoted = (text) =>
  '"' + [...Buffer.from(text)].map((b) =>
    b === 34 || b === 92 || b < 32 || b > 126 ? '\\' + b.toString(8).padStart(3, '0') : String.fromCharCode(b)).join('') + '"';

let assembler = '    .section .rodata\n';
let externs = '';
let table = '';
let count = 0;
const blob = (bytes) => {
  const name = `asset_${count++}`;
  writeFileSync(join(blobs, name), bytes);
  assembler += `    .global ${name}\n    .balign 16\n${name}:\n    .incbin ${quoted(join(blobs, name))}\n`;
  externs += `extern const char ${name}[];\n`;
  return `{${name}, ${bytes.length}}`;
};
// Worth it when it saves a tenth.
const smaller = (packed, bytes) => (packed.length < bytes.length * 0.9 ? blob(packed) : '{0}');

for (const { from, path } of files) {
  const bytes = readFileSync(from);
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 20);
  const type = types[extname(path)] ?? 'application/octet-stream';
  const text = /^(text|application\/(json|manifest)|image\/svg)/.test(type);
  const plain = blob(bytes);
  const gzip = text ? smaller(gzipSync(bytes, { level: 9 }), bytes) : '{0}';
  const brotli = text
    ? smaller(brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }), bytes)
    : '{0}';
  // Vite names these after their content.
  const immutable = /^\/assets\/.*-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/.test(path);
  table += `    {${quoted(path)}, ${quoted(type)}, ${quoted(`"${hash}"`)}, ${immutable},\n     ${plain}, ${gzip}, ${brotli}},\n`;
}
assembler += '    .section .note.GNU-stack,"",%progbits\n';
writeFileSync(join(gen, 'assets.S'), assembler);
writeFileSync(
  join(gen, 'assets.c'),
  `/* Made by scripts/embed.mjs. */\n#include "api/assets.h"\n\n${externs}
static const struct asset files[] = {\n${table}    {0},\n};
const struct asset_table assets_embedded = {files, ${files.length}};\n`,
);
