// Compiles uap-core's regexes.yaml and crawler-user-agents.json into C tables (src/ingest/ua_tables.h).
// usage: node scripts/ua-tables.mjs deps/vendor >build/gen/ua_tables.c
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const vendor = process.argv[2];
if (!vendor) {
  console.error('usage: ua-tables.mjs VENDOR-FOLDER');
  process.exit(2);
}
const uap = parse(readFileSync(join(vendor, 'uap-core/regexes.yaml'), 'utf8'));
const crawlers = JSON.parse(readFileSync(join(vendor, 'crawlers/crawler-user-agents.json'), 'utf8'));

// Every byte that is not plain in a C string, in octal: it cannot swallow the digits after it.
const quote = (text) =>
  '"' +
  [...Buffer.from(text)]
    .map((b) => (b < 0x20 || b > 0x7e || b === 0x22 || b === 0x5c || b === 0x3f ? '\\' + b.toString(8).padStart(3, '0') : String.fromCharCode(b)))
    .join('') +
  '"';

const rules = (what, list, replacement) => {
  const rows = list.map((r) => `    {${quote(r.regex)}, ${r[replacement] ? quote(r[replacement]) : 'NULL'}},`);
  return `const struct ua_rule ${what}[] = {\n${rows.join('\n')}\n};\n`;
};
const texts = (what, list) => `const char *const ${what}[] = {\n${list.map((t) => `    ${quote(t)},`).join('\n')}\n};\n`;

// A pattern without operators is a plain text once its escapes are gone; most are.
const ESCAPED = /\\([^A-Za-z0-9])/g;
const isText = (pattern) => !/[\\^$.*+?()[\]{}|]/.test(pattern.replace(ESCAPED, ''));
const patterns = crawlers.map((c) => c.pattern);
const plain = patterns.filter(isText).map((p) => p.replace(ESCAPED, '$1'));
// One that holds another says nothing of its own.
const needed = [...new Set(plain)].filter((t, i, all) => !all.some((other) => other !== t && t.includes(other)));
const regexes = patterns.filter((p) => !isText(p));

process.stdout.write(`/* Made by scripts/ua-tables.mjs from uap-core (Apache-2.0) and crawler-user-agents (MIT). */
#include "ingest/ua_tables.h"

${rules('ua_browser_rules', uap.user_agent_parsers, 'family_replacement')}
const size_t ua_n_browser_rules = sizeof ua_browser_rules / sizeof *ua_browser_rules;

${rules('ua_os_rules', uap.os_parsers, 'os_replacement')}
const size_t ua_n_os_rules = sizeof ua_os_rules / sizeof *ua_os_rules;

${texts('ua_bot_texts', needed)}
const size_t ua_n_bot_texts = sizeof ua_bot_texts / sizeof *ua_bot_texts;

${texts('ua_bot_regexes', regexes)}
const size_t ua_n_bot_regexes = sizeof ua_bot_regexes / sizeof *ua_bot_regexes;
`);
