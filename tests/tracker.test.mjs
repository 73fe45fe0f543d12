// The tracker's size and its arithmetic; what it does in a page is in tests/browser/tracker.test.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Engagement, scrollDepth } from '../tracker/src/engagement.ts';

test('the core is at most 3 KB gzipped', () => {
  const out = mkdtempSync(join(tmpdir(), 'cairn-tracker-'));
  try {
    execFileSync(process.execPath, ['tracker/build.mjs', out]);
    const bytes = gzipSync(readFileSync(join(out, 'cairn.js')), { level: 9 }).length;
    assert.ok(bytes <= 3072, `${bytes} bytes`);
  } finally {
    rmSync(out, { recursive: true });
  }
});

// METHODS 11: interactions at 0, 2, 4, 20, 22 s.
test('engaged time is the union of five seconds after each interaction', () => {
  const e = new Engagement(0, true);
  for (const s of [2, 4, 20, 22]) e.interact(s * 1000);
  assert.equal(e.take(60_000), 16_000);
  assert.equal(e.take(120_000), 0);
});

test('hiding the page ends engagement', () => {
  const e = new Engagement(0, true);
  for (const s of [2, 4, 20]) e.interact(s * 1000);
  e.setVisible(21_000, false);
  e.interact(22_000); // cannot happen, and would not count
  assert.equal(e.take(60_000), 10_000);
});

test('increments add up to the whole, whenever they are taken', () => {
  const e = new Engagement(0, true);
  let sum = 0;
  for (let s = 0; s <= 60; s++) {
    if ([2, 4, 20, 22].includes(s)) e.interact(s * 1000);
    sum += e.take(s * 1000);
  }
  assert.equal(sum, 16_000);
});

test('playing media counts without interactions, a page opened in the background does not', () => {
  const playing = new Engagement(0, true);
  playing.setPlaying(1000, true);
  playing.setPlaying(31_000, false);
  assert.equal(playing.take(90_000), 31_000);
  const hidden = new Engagement(0, false);
  hidden.interact(1000);
  assert.equal(hidden.take(9000), 0);
  hidden.setVisible(10_000, true);
  assert.equal(hidden.take(60_000), 5000);
});

test('scroll depth goes in steps of ten and leaves short pages out', () => {
  assert.equal(scrollDepth(0, 800, 900), 0);
  assert.equal(scrollDepth(0, 800, 4000), 20);
  assert.equal(scrollDepth(1234, 800, 4000), 50);
  assert.equal(scrollDepth(3200, 800, 4000), 100);
  assert.equal(scrollDepth(9000, 800, 4000), 100);
});
