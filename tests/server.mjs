// A real server on a folder of its own, for whole-server tests: start one, talk to it, stop it.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const build = resolve(process.env.CAIRN_BUILD ?? 'build/gcc');
export const binary = join(build, 'cairn');

/** A new data folder, removed after the test. */
export function folder(t) {
  const dir = mkdtempSync(join(tmpdir(), 'cairn-test-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'data');
}

/** Runs a command to its end: {status, out, err}. */
export function run(args, { input, env } = {}) {
  return new Promise((done) => {
    const child = execFile(binary, args, { env: { ...process.env, ...env }, maxBuffer: 64 << 20 }, (e, out, err) =>
      done({ status: e ? (e.code ?? 1) : 0, out, err }));
    child.stdin.on('error', () => {}); // a command that reads nothing may be gone already
    child.stdin.end(input ?? '');
  });
}

export class Server {
  log = '';
  out = '';
  /** Starts `cairn serve` on `data`, on any free port, and waits until it answers. */
  static async start(t, { data = folder(t), args = [], env = {}, command = 'serve' } = {}) {
    const s = new Server();
    s.data = data;
    s.process = spawn(binary, [command, '--data', data, '--listen', '127.0.0.1:0', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    s.ended = new Promise((done) => s.process.on('exit', (code, signal) => done({ code, signal })));
    t.after(() => s.kill());
    s.process.stderr.on('data', (d) => (s.log += d));
    await new Promise((done, fail) => {
      s.process.stdout.on('data', (d) => {
        s.out += d;
        if (/^Cairn is at (\S+)$/m.test(s.out)) done();
      });
      s.ended.then(({ code }) => fail(new Error(`the server ended with ${code}: ${s.log}`)));
    });
    s.port = Number(/at=http:\/\/[^ ]*:(\d+)/.exec(s.log)?.[1] ?? new URL(/at (\S+)/.exec(s.out)[1]).port);
    s.url = `http://127.0.0.1:${s.port}`;
    s.link = /sign-in\?link=(\S+)/.exec(s.out)?.[1];
    return s;
  }

  /** Asks it to stop, and waits; gives the exit status. */
  async stop(signal = 'SIGTERM') {
    this.process.kill(signal);
    return (await this.ended).code;
  }
  async kill() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.ended;
  }

  fetch(path, options) {
    return fetch(this.url + path, { redirect: 'manual', ...options });
  }
  /** POST /e from a page of the shop: {status, body, headers}. */
  async record(events, headers = {}) {
    const answer = await this.fetch('/e', {
      method: 'POST',
      headers: {
        'Content-Type': 'text/plain',
        Origin: 'https://shop.example',
        'User-Agent': FIREFOX,
        'Accept-Language': 'en',
        ...headers,
      },
      body: typeof events === 'string' || events instanceof Uint8Array ? events : JSON.stringify(events),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : undefined };
  }
  run(args, more) {
    return run([...args, '--data', this.data], more);
  }
  async addSite(key = 'shop', more = []) {
    const { status, err } = await this.run(['site', 'add', key, '--domain', 'shop.example', ...more]);
    assert.equal(status, 0, err);
  }
  async token(site = 'shop', scope = 'read,write,ingest') {
    const { status, out, err } = await this.run(['token', 'add', '--site', site, '--scope', scope]);
    assert.equal(status, 0, err);
    return out.trim();
  }
}

/** A caller of the API: by token, or signed in with a cookie. */
export class Client {
  constructor(server, { token, cookie, csrf } = {}) {
    Object.assign(this, { server, token, cookie, csrf });
  }
  static async signIn(server, how) {
    const c = new Client(server);
    const answer = await c.call('POST', '/session', how);
    c.signedIn = answer;
    if (answer.status !== 200) return c;
    c.cookie = answer.headers.get('set-cookie').split(';')[0];
    c.csrf = answer.body.csrf;
    return c;
  }
  async call(method, path, body, headers = {}) {
    const all = { ...headers };
    if (this.token) all.Authorization = `Bearer ${this.token}`;
    if (this.cookie) all.Cookie = this.cookie;
    if (this.csrf && method !== 'GET') all['X-CSRF-Token'] = this.csrf;
    const answer = await this.server.fetch(`/api/v1${path}`, {
      method,
      headers: all,
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.startsWith('application/json');
    return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
  }
  get = (path, headers) => this.call('GET', path, undefined, headers);
  post = (path, body, headers) => this.call('POST', path, body, headers);
  patch = (path, body) => this.call('PATCH', path, body);
  delete = (path) => this.call('DELETE', path);
  /** A report once it has seen everything received up to now. */
  async report(site, name, question = {}) {
    const asked = Date.now();
    for (;;) {
      const answer = await this.post(`/sites/${site}/reports/${name}`, question);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      if (answer.body.watermark_ms >= asked) return answer.body;
      assert.ok(Date.now() - asked < 60_000, 'the watermark does not move');
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
