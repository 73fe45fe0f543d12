import { describe, expect, test } from 'vitest';
import {
  attemptsOf, defQuery, funnelBody, funnelDocument, funnelPatch, moved, readDef, readExclusions, readSteps, rearranged, windowOf, withLike,
  writeExclusions, writeSteps,
} from './funnel.ts';
import type { Exclusion, Funnel, FunnelDef, FunnelStep } from './types.ts';

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

describe('exclusions in the address', () => {
  test.each<[string, Exclusion[]]>([
    ['1-2:event:remove_from_cart,2-3:goal:left', [{ event: 'remove_from_cart', from: 1, to: 2 }, { goal: 'left', from: 2, to: 3 }]],
    ['-:page:/a%2Cb', [{ page: '/a,b' }]],
    ['-3:event:x', [{ event: 'x', to: 3 }]],
  ])('%s', (text, list) => {
    expect(readExclusions(text)).toEqual(list);
    expect(writeExclusions(list)).toBe(text);
  });
  test('a rule that words cannot say survives', () => {
    const list: Exclusion[] = [{ rule: { type: 'event', name: 'a', where: [{ property: 'props.x', op: 'is', value: '1,2' }] }, from: 1, to: 2 }, { any: [{ goal: 'b' }, { event: 'c' }] }];
    expect(readExclusions(writeExclusions(list))).toEqual(list);
  });
  test('what cannot be read is left out', () => {
    expect(readExclusions('1-2:,what,3:event:x,1-2:event:y')).toEqual([{ event: 'y', from: 1, to: 2 }]);
  });
});

describe('everything a saved funnel says', () => {
  const saved: Funnel = {
    key: 'f', name: 'F',
    steps: [{ goal: 'a', label: 'First' }, { event: 'b', optional: true, max_gap_s: 60 }, { page: '/c*' }, { rule: { type: 'scroll', at_least: 50 } }],
    window_s: 86_400, order: 'strict', attempts: 'totals', ties: 'arrival', scope: 'session', like: 'mixpanel',
    exclude: [{ rule: { type: 'event', name: 'x' }, from: 1, to: 2 }, { event: 'y' }], hold: ['items.item_id', 'props.a,b'], breakdown_step: 2,
  };
  const { key, name, ...definition } = saved;
  const through = (def: FunnelDef) => readDef(Object.fromEntries(Object.entries(defQuery(def, saved)).filter(([, v]) => v !== '')), saved);
  test('is asked', () => expect(funnelBody(saved)).toEqual(definition));
  test.each<[string, Partial<FunnelDef>]>([
    ['nothing', {}],
    ['the window', { window_s: 3600 }],
    ['the steps', { steps: [...saved.steps, { goal: 'd' }] }],
    ['the exclusions', { exclude: [{ goal: 'z', from: 2, to: 3 }] }],
    ['what is the same', { hold: ['items.item_id'] }],
    ['all of the order', { order: 'ordered', attempts: 'first', scope: 'visitor' }],
  ])('is kept when %s changes', (_, change) => {
    const def = through({ ...saved, ...change });
    expect(def).toEqual({ ...saved, ...change });
    expect(funnelBody(def)).toEqual({ ...definition, ...change });
    expect(funnelPatch(def, saved)).toEqual({ ...definition, name, ...change });
    expect(funnelDocument(def, 'G')).toEqual({ ...definition, name: 'G', ...change });
  });
  test('may be taken away', () => {
    const def = through({ ...saved, exclude: [], hold: [] });
    expect(funnelBody(def)).toEqual({ ...definition, exclude: [], hold: [] });
    expect(funnelPatch(def, saved)).toEqual({ ...definition, name, exclude: null, hold: null });
  });
  test('is asked without what its order rules out, and still kept', () => {
    const { attempts: _a, exclude: _e, ...rest } = definition;
    expect(funnelBody({ ...saved, order: 'any' })).toEqual({ ...rest, order: 'any' });
    expect(funnelPatch({ ...saved, order: 'any' }, saved).exclude).toEqual(saved.exclude);
  });
});

describe('a preset', () => {
  const steps = [{ goal: 'a' }, { goal: 'b' }];
  test.each<[FunnelDef['like'] & string, FunnelDef, FunnelDef]>([
    ['ga4', { steps, window_s: 3600, attempts: 'totals' }, { steps, like: 'ga4' }],
    ['mixpanel', { steps, window_s: 3600, attempts: 'best' }, { steps, like: 'mixpanel', window_s: 3600 }],
    ['cairn', { steps, window_s: null, like: 'ga4' }, { steps, like: 'cairn' }],
  ])('%s decides what it presets', (like, def, then) => expect(funnelBody(withLike(def, like))).toEqual(then));
  test('is overruled by name, as the server does', () => {
    const def: FunnelDef = { steps, like: 'ga4', window_s: 3600, attempts: 'totals' };
    expect(funnelBody(def)).toEqual(def);
    expect(windowOf(def)).toBe(3600);
    expect(windowOf({ steps, like: 'ga4' })).toBe(null);
    expect(attemptsOf({ steps, like: 'mixpanel' })).toBe('first');
  });
  test('over a saved window is in the address', () => {
    const saved: FunnelDef = { steps, window_s: 3600 };
    const query = defQuery(withLike(saved, 'ga4'), saved);
    expect(query).toMatchObject({ like: 'ga4', window: 'none' });
    expect(windowOf(readDef(query, saved))).toBe(null);
  });
});

describe('exclusions follow their steps', () => {
  const def: FunnelDef = { steps: ['a', 'b', 'c', 'd'].map((event) => ({ event })), exclude: [{ event: 'x', from: 2, to: 3 }, { event: 'y' }] };
  const spans = (kept: number[]) => rearranged(def, kept).exclude?.map((x) => [x.event, x.from, x.to]);
  test.each<[string, number[], unknown[]]>([
    ['nothing moved', [0, 1, 2, 3], [['x', 2, 3], ['y', undefined, undefined]]],
    ['moved along', [1, 2, 0, 3], [['x', 1, 2], ['y', undefined, undefined]]],
    ['changed places', [0, 2, 1, 3], [['x', 2, 3], ['y', undefined, undefined]]],
    ['moved apart', [1, 0, 3, 2], [['x', 1, 4], ['y', undefined, undefined]]],
    ['begin is gone', [0, 2, 3], [['x', 1, 2], ['y', undefined, undefined]]],
    ['end is gone', [0, 1, 3], [['x', 2, 3], ['y', undefined, undefined]]],
    ['nothing after it', [0, 1], [['y', undefined, undefined]]],
    ['one step left', [1], []],
    ['no step left', [], []],
  ])('%s', (_, kept, expected) => expect(spans(kept)).toEqual(expected));
  test('and the first step cannot be skipped', () => {
    expect(rearranged({ steps: [{ goal: 'a' }, { goal: 'b', optional: true }] }, [1, 0]).steps).toEqual([{ goal: 'b' }, { goal: 'a' }]);
  });
});
test('moving a step keeps the others', () => {
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
});
