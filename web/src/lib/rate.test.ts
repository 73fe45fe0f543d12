import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { changeOf, countChange, given, rateOf, wilson } from './rate.ts';
import type { Answer, FunnelResult, GoalsResult, OverviewResult } from './types.ts';

describe("Wilson's interval, against published values (Newcombe 1998)", () => {
  test.each([
    [81, 263, 0.2552885, 0.3662096], [15, 148, 0.0623864, 0.1604872], [0, 20, 0, 0.1611252], [1, 29, 0.006113214, 0.1717552],
  ])('%i of %i', (n, of, low, high) => {
    const [l, h] = wilson(n, of);
    expect(l).toBeCloseTo(low, 6);
    expect(h).toBeCloseTo(high, 6);
  });
});

describe('what may be said of a change', () => {
  const rate = { n: 390, of: 12000, ci: [0.029, 0.036] as [number, number] };
  test('a range with nothing in it is no clear change', () => {
    expect(changeOf({ ...rate, change: { value: 0.0025, ci: [-0.00197, 0.00696] } })?.direction).toBe(0);
    expect(changeOf({ ...rate, change: { value: 0.2, ci: [0.05, 0.33] } })?.direction).toBe(1);
    expect(changeOf({ ...rate, change: { value: -0.2, ci: [-0.33, -0.05] } })?.direction).toBe(-1);
    expect(changeOf({ ...rate, change: { status: 'too_little', why: 'few' } })).toBeUndefined();
    expect(changeOf(rate)).toBeUndefined();
  });
  test('counts scatter by their root', () => {
    expect(countChange(105, 100)?.direction).toBe(0);
    expect(countChange(10500, 10000)?.direction).toBe(1);
    expect(countChange(5, 0)).toBeUndefined();
  });
});
test('a number that cannot be given is none', () => {
  expect(given({ status: 'too_little', why: 'x' })).toBe(false);
  expect(given(0)).toBe(true);
  expect(given(null)).toBe(false);
  expect(rateOf({ n: 0, of: 0, ci: null, status: 'not_defined', why: 'nobody' })).toBeUndefined();
  expect(rateOf({ n: 1, of: 4, ci: null, status: 'too_little', why: 'few' })).toMatchObject({ n: 1, of: 4 });
});

// The answers that the server's own tests keep: they have the shapes that the screens read.
const golden = new URL('../../../tests/golden/', import.meta.url);
const read = <R>(name: string) => (JSON.parse(readFileSync(new URL(name, golden), 'utf8')) as { answer: Answer<R> }).answer;
describe.skipIf(!readdirSync(new URL('../../../tests/', import.meta.url)).includes('golden'))("the server's golden answers", () => {
  test('an overview', () => {
    const { result } = read<OverviewResult>('overview.json');
    expect(result.series.points[0]).toMatchObject({ at: expect.stringMatching(/^\d{4}-/), from_ms: expect.any(Number), visitors: expect.any(Number), conversions: expect.any(Number) });
    for (const goal of result.goals) expect(['macro', 'milestone', 'secondary']).toContain(goal.class);
    expect(rateOf(result.goals[0]!.converted)?.of).toBeGreaterThan(0);
  });
  test('goals', () => {
    const { result } = read<GoalsResult>('goals.json');
    expect(result.goals.every((g) => typeof g.name === 'string' && typeof g.conversions === 'number')).toBe(true);
  });
  test('a funnel', () => {
    const { result } = read<FunnelResult>('funnel.json');
    expect(result.steps.length).toBeGreaterThan(1);
    for (const step of result.steps) {
      expect(step.went_to?.every((x) => ['page', 'event', 'left', 'came_back', 'other'].includes(x.kind))).toBe(true);
      expect(step.dropped).toBeLessThanOrEqual(step.reached);
    }
  });
});
