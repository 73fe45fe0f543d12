import { describe, expect, test } from 'vitest';
import { defQuery, funnelBody, moved, readDef, readSteps, writeSteps } from './funnel.ts';
import type { FunnelDef, FunnelStep } from './types.ts';

describe('steps in the address', () => {
  test.each<[string, FunnelStep[]]>([
    ['page:/p/*,goal:cart,event:begin_checkout?', [{ page: '/p/*' }, { goal: 'cart' }, { event: 'begin_checkout', optional: true }]],
    ['page:/a%2Cb%3Fc%25', [{ page: '/a,b?c%' }]],
  ])('%s', (text, steps) => {
    expect(readSteps(text)).toEqual(steps);
    expect(writeSteps(steps)).toBe(text);
  });
  test('a step that words cannot say survives', () => {
    const steps: FunnelStep[] = [{ goal: 'a', max_gap_s: 60 }, { any: [{ goal: 'b' }, { event: 'c' }] }, { rule: { type: 'scroll', at_least: 50 } }];
    expect(readSteps(writeSteps(steps))).toEqual(steps);
  });
  test('what cannot be read is left out', () => {
    expect(readSteps('goal:,what,event:x,{"a":')).toEqual([{ event: 'x' }]);
  });
});

describe('a saved funnel and the address', () => {
  const saved: FunnelDef = { steps: [{ goal: 'a' }, { goal: 'b' }], window_s: 86_400, order: 'strict' };
  test('the same definition leaves nothing in the address', () => {
    expect(Object.values(defQuery(readDef({}, saved), saved)).every((v) => v === '')).toBe(true);
  });
  test.each<[string, Partial<FunnelDef>, Record<string, string>]>([
    ['another window', { window_s: 3600 }, { window: '3600' }],
    ['no window', { window_s: null }, { window: 'none' }],
    ['back to the usual order', { order: 'ordered' }, { order: 'ordered' }],
    ['one step more', { steps: [{ goal: 'a' }, { goal: 'b' }, { page: '/c' }] }, { steps: 'goal:a,goal:b,page:/c' }],
    ['as another product', { like: 'mixpanel' }, { like: 'mixpanel' }],
  ])('%s', (_, change, query) => {
    const def = { ...saved, ...change };
    const written = Object.fromEntries(Object.entries(defQuery(def, saved)).filter(([, v]) => v !== ''));
    expect(written).toEqual(query);
    expect(readDef(written, saved)).toEqual(def);
  });
  test('nonsense in the address changes nothing', () => {
    expect(readDef({ order: 'sideways', attempts: '7', like: 'x', scope: '' }, saved)).toEqual(saved);
  });
});

test('a preset decides what it presets', () => {
  const steps = [{ goal: 'a' }, { goal: 'b' }];
  expect(funnelBody({ steps, like: 'ga4', window_s: 3600, attempts: 'totals' })).toEqual({ steps, like: 'ga4' });
  expect(funnelBody({ steps, like: 'mixpanel', window_s: 3600 })).toEqual({ steps, like: 'mixpanel', window_s: 3600 });
  expect(funnelBody({ steps, order: 'any', attempts: 'first' })).toEqual({ steps, order: 'any' });
});
test('moving a step keeps the others', () => {
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
});
