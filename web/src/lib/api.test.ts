import { expect, test } from 'vitest';
import { Api, ApiError, sitePath } from './api.ts';

/** A server of one answer, and what it was asked. */
function server(status: number, body: string) {
  const asked: { url: string; init: RequestInit }[] = [];
  const api = new Api(async (url, init) => {
    asked.push({ url: String(url), init: init! });
    return new Response(body === '' ? null : body, { status });
  });
  const header = (name: string) => new Headers(asked[0]?.init.headers).get(name);
  return { api, asked, header };
}

test('changes carry the token against forged requests, reads do not need it', async () => {
  const change = server(204, '');
  change.api.csrf = 'secret';
  expect(await change.api.delete('/x')).toBeUndefined();
  expect(change.header('X-CSRF-Token')).toBe('secret');
  const read = server(200, '{"a":1}');
  read.api.csrf = 'secret';
  expect(await read.api.get('/x')).toEqual({ a: 1 });
  expect(read.header('X-CSRF-Token')).toBeNull();
});
test('an error keeps its code, sentence and field', async () => {
  const { api } = server(400, '{"error":{"code":"bad_regex","message":"no closing bracket","field":"rule.path"}}');
  await expect(api.post('/x', {})).rejects.toMatchObject({ status: 400, code: 'bad_regex', message: 'no closing bracket', field: 'rule.path' });
});
test('a signed-out caller is noticed', async () => {
  const { api } = server(401, '{"error":{"code":"not_signed_in","message":"sign in first"}}');
  let out = 0;
  api.onSignedOut = () => out++;
  await expect(api.get('/x')).rejects.toBeInstanceOf(ApiError);
  expect(out).toBe(1);
});
test('what is no JSON is an error, not a crash', async () => {
  await expect(server(502, '<html>').api.get('/x')).rejects.toMatchObject({ status: 502, code: 'bad_answer' });
});
test('no server is said in words', async () => {
  const api = new Api(async () => { throw new TypeError('fetch failed'); });
  await expect(api.get('/x')).rejects.toMatchObject({ status: 0, code: 'unreachable' });
});
test('keys are coded in paths', () => {
  expect(sitePath('a/b', 'goals', 'c?d')).toBe('/sites/a%2Fb/goals/c%3Fd');
});
