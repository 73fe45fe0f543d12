// docs/openapi.json describes the routes that are there: each of them, and no others.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Server } from './server.mjs';

const build = resolve(process.env.CAIRN_BUILD ?? 'build/gcc');
const file = 'docs/openapi.json';
const skip = existsSync(file) ? false : `${file} is not written yet`;

/** Parameters may have other names: what counts is where they stand.  A slash at the end is the same. */
const plain = (route) => route.replace(/\{[^}]*\}/g, '{}').replace(/(.)\/$/, '$1');

test('every route is described, and every description is a route', { skip }, () => {
  const real = new Set(execFileSync(join(build, 'tools/routes')).toString().trim().split('\n').map(plain));
  const { paths } = JSON.parse(readFileSync(file, 'utf8'));
  const described = new Set();
  for (const [path, item] of Object.entries(paths))
    for (const method of Object.keys(item).filter((m) => /^(get|post|patch|put|delete)$/.test(m)))
      described.add(plain(`${method.toUpperCase()} ${path}`));
  // One entry may stand for all that is set up in a site, or for all reports.
  const kinds = /^(\S+ \/api\/v1\/sites\/\{\})\/(goals|funnels|segments|annotations|experiments|tags)(?=\/|$)/;
  const missing = [...real].filter((r) => !described.has(r) && !described.has(r.replace(kinds, '$1/{}')));
  assert.deepEqual(missing, [], 'routes that are not described');
  const extra = [...described].filter(
    (d) => !real.has(d) && !/^POST \/api\/v1\/sites\/\{\}\/reports\//.test(d) && ![...real].some((r) => r.replace(kinds, '$1/{}') === d));
  assert.deepEqual(extra, [], 'descriptions without a route');
});

test('the server gives it', { skip }, async (t) => {
  const server = await Server.start(t);
  const answer = await server.fetch('/api/openapi.json');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.deepEqual(await answer.json(), JSON.parse(readFileSync(file, 'utf8')));
});
