// The main job on real input: 47,935 events of hotel search, sent over HTTP, give the funnels that were
// worked out from the same file by other means.  Skipped where the data is not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, after, describe, test } from 'node:test';
import { Client, folder, Server } from './server.mjs';

const shared = process.env.CAIRN_DATA_DIR_SHARED ?? '../shared/data';
const file = join(shared, 'clickstream/trivago_dev.csv.xz');
const skip = existsSync(file) ? false : `${file} is not here`;

// The columns that matter have no quotes or commas before them, but `city` may have.
function readRows() {
  const [head, ...lines] = execFileSync('xz', ['-dc', file], { maxBuffer: 1 << 30 }).toString().trimEnd().split('\n');
  const names = head.split(',');
  const place = Object.fromEntries(names.map((n, i) => [n, i]));
  assert.ok(['user_id', 'session_id', 'timestamp', 'step', 'action_type'].every((n) => place[n] < 5));
  return lines.map((line) => {
    const f = line.split(',', 5);
    return { user: f[0], session: f[1], at: Number(f[2]) * 1000, step: f[3], name: f[4] };
  });
}

const steps = ['search for destination', 'interaction item image', 'clickout item'].map((event) => ({ event }));
const range = { from_ms: Date.UTC(2018, 10, 1), to_ms: Date.UTC(2018, 11, 1) };

describe('hotel search', { skip }, () => {
  const ended = [];
  let facts, server, data, token;

  before(async () => {
    facts = JSON.parse(readFileSync(join(shared, 'FACTS.json'), 'utf8'))['clickstream/trivago_dev'];
    const t = { after: (f) => ended.push(f) };
    data = folder(t);
    server = await Server.start(t, { data });
    for (const site of ['users', 'sessions']) await server.addSite(site);
    token = { users: await server.token('users'), sessions: await server.token('sessions') };
    const rows = readRows();
    assert.equal(rows.length, facts.rows);
    for (const [site, visitor] of [['users', 'user'], ['sessions', 'session']]) {
      let accepted = 0;
      for (let i = 0; i < rows.length; i += 5000) {
        const lines = rows.slice(i, i + 5000).map((r) => JSON.stringify({
          name: r.name, visitor: r[visitor], at: r.at, id: `${r.session}-${r.step}`,
        }));
        const answer = await server.fetch(`/api/v1/sites/${site}/events`, {
          method: 'POST', headers: { Authorization: `Bearer ${token[site]}` }, body: lines.join('\n'),
        });
        const body = await answer.json();
        assert.equal(answer.status, 202, JSON.stringify(body).slice(0, 300));
        accepted += body.accepted;
      }
      assert.equal(accepted, facts.rows);
    }
  });
  after(async () => {
    for (const f of ended.reverse()) await f();
  });

  const reached = async (site, question) => {
    const api = new Client(server, { token: token[site] });
    const { result } = await api.report(site, 'funnel', { range, steps, ...question });
    return result.steps.map((s) => s.reached);
  };
  const answers = () => [
    ['users', { ties: 'arrival', window_s: null }, facts.funnels.per_user],
    ['users', { ties: 'arrival', window_s: 3600 }, facts.funnels.per_user_win_3600],
    ['users', { ties: 'arrival', window_s: 300 }, facts.funnels.per_user_win_300],
    ['sessions', { ties: 'arrival', window_s: null }, facts.funnels.per_session],
    ['users', { ties: 'any', window_s: null }, [1021, 456, 443]],
    ['users', { ties: 'any', window_s: 3600 }, [1021, 438, 422]],
    ['users', { ties: 'any', window_s: 300 }, [1021, 380, 299]],
    ['sessions', { ties: 'any', window_s: null }, [1132, 467, 441]],
  ];
  const check = async () => {
    for (const [site, question, want] of answers())
      assert.deepEqual(await reached(site, question), want, `${site} ${JSON.stringify(question)}`);
    const api = new Client(server, { token: token.users });
    const { result } = await api.report('users', 'overview', { range });
    assert.equal(result.visitors, facts.users);
    assert.equal(result.events, facts.rows);
  };
  test('the funnels and the counts', check);
  test('the same after deleting the journeys and starting again', async (t) => {
    assert.equal(await server.stop(), 0);
    rmSync(join(data, 'journey'), { recursive: true });
    server = await Server.start({ after: (f) => ended.push(f) }, { data });
    await check();
  });
});
