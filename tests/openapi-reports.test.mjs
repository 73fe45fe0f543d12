// Every kept request and answer (tests/golden) is what docs/openapi.json says, and nothing more.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const doc = JSON.parse(readFileSync('docs/openapi.json', 'utf8'));
const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const types = {
  string: (v) => typeof v === 'string',
  integer: Number.isInteger,
  number: (v) => typeof v === 'number',
  boolean: (v) => typeof v === 'boolean',
  null: (v) => v === null,
  array: Array.isArray,
  object: isObject,
};

// The part of JSON Schema that the description uses; a keyword it does not know is an error.
const known = new Set([
  '$ref', 'type', 'properties', 'required', 'additionalProperties', 'items', 'oneOf', 'anyOf', 'enum',
  'minItems', 'maxItems', 'minLength', 'maxLength', 'minimum', 'maximum', 'pattern', 'description', 'format',
]);
function faults(schema, value, at) {
  for (const key of Object.keys(schema)) assert(known.has(key), `${at}: unknown keyword ${key}`);
  if (schema.$ref) {
    const target = schema.$ref.slice(2).split('/').reduce((o, k) => o?.[k], doc);
    assert(target, `${schema.$ref} does not exist`);
    return faults(target, value, at);
  }
  const found = [];
  const wanted = schema.type === undefined ? [] : [schema.type].flat();
  if (wanted.length > 0 && !wanted.some((t) => types[t](value))) return [`${at} is no ${wanted.join(' or ')}`];
  if (schema.enum && !schema.enum.includes(value)) found.push(`${at}: ${value} is none of ${schema.enum}`);
  if (schema.pattern && !new RegExp(schema.pattern).test(value)) found.push(`${at}: ${value} is no ${schema.pattern}`);
  if (schema.minimum > value || schema.maximum < value) found.push(`${at}: ${value} is out of range`);
  for (const [word, enough] of [['oneOf', (n) => n === 1], ['anyOf', (n) => n >= 1]]) {
    if (!schema[word]) continue;
    const each = schema[word].map((s) => faults(s, value, at));
    const fit = each.filter((f) => f.length === 0).length;
    if (!enough(fit)) found.push(`${at}: ${fit} of ${word} fit: ${each.map((f) => f[0]).join(' | ')}`);
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity))
      found.push(`${at} has ${value.length} items`);
    if (schema.items) value.forEach((v, i) => found.push(...faults(schema.items, v, `${at}[${i}]`)));
  }
  if (isObject(value)) {
    for (const key of schema.required ?? []) if (!(key in value)) found.push(`${at}.${key} is missing`);
    for (const [key, v] of Object.entries(value)) {
      const own = schema.properties?.[key] ?? schema.additionalProperties ?? {};
      if (own === false) found.push(`${at}.${key} is not described`);
      else found.push(...faults(own, v, `${at}.${key}`));
    }
  }
  return found;
}
const named = (name) => ({ $ref: `#/components/schemas/${name}` });
const schemaName = (report) => report.split('_').map((w) => w[0].toUpperCase() + w.slice(1)).join('');

for (const file of readdirSync('tests/golden').filter((f) => f.endsWith('.json'))) {
  const kept = JSON.parse(readFileSync(`tests/golden/${file}`, 'utf8'));
  if (!kept.answer) continue;
  const name = schemaName(kept.report);
  test(`${file} is as described`, () => {
    assert.deepEqual(faults(named(`${name}Request`), kept.request, 'request'), []);
    assert.deepEqual(faults(named('Answer'), { ...kept.answer, result: {}, compare: undefined }, 'answer')
      .filter((f) => !f.startsWith('answer.result') && !f.startsWith('answer.compare')), []);
    for (const result of [kept.answer.result, kept.answer.compare?.result].filter(Boolean)) {
      assert.deepEqual(faults(named(`${name}Result`), result, 'result'), []);
      for (const { value, ...group } of result.groups ?? []) {
        void value; // a group has the members of the result, but for what only the whole has
        const lacks = (f) => /^group\.\w+ is missing$/.test(f);
        assert.deepEqual(faults(named(`${name}Result`), group, 'group').filter((f) => !lacks(f)), []);
      }
    }
  });
}

test('the validator refuses what is not described', () => {
  assert.notDeepEqual(faults(named('Rate'), { n: 1, of: 2, ci: [0, 1], odds: 3 }, 'rate'), []);
  assert.notDeepEqual(faults(named('Rate'), { n: 1.5, of: 2, ci: [0, 1] }, 'rate'), []);
  assert.notDeepEqual(faults(named('Money'), { minor: 1 }, 'money'), []);
});

test('every reference leads somewhere', () => {
  JSON.stringify(doc, (key, v) => {
    if (key === '$ref') assert(v.slice(2).split('/').reduce((o, k) => o?.[k], doc), v);
    return v;
  });
});
