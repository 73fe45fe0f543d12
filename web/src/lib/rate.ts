// What the screens need to say about rates.  Intervals come from the server; here they are only
// compared (METHODS 1), and computed for the points of a series, which travel as plain counts.
import type { Maybe, NotGiven, Rate } from './types.ts';

const Z = 1.959963985;

export function given<T>(value: Maybe<T> | null | undefined): value is T {
  return value !== null && value !== undefined &&
    !(typeof value === 'object' && 'status' in value && !('n' in value) && !('ci' in value));
}
export function rateOf(value: Maybe<Rate> | undefined): Rate | undefined {
  return given(value) && value.of > 0 ? value : undefined;
}
export function whyNot(value: unknown): string | undefined {
  return (value as NotGiven | undefined)?.why;
}
export const share = (r: Rate) => r.n / r.of;

/** Wilson's score interval. */
export function wilson(n: number, of: number): [number, number] {
  const p = n / of;
  const square = (Z * Z) / of;
  const middle = (p + square / 2) / (1 + square);
  const half = (Z * Math.sqrt((p * (1 - p)) / of + square / (4 * of))) / (1 + square);
  return [n === 0 ? 0 : middle - half, n === of ? 1 : middle + half];
}

export interface Difference {
  value: number;
  low: number;
  high: number;
  /** 0: no clear change, because the likely range of the difference holds none at all. */
  direction: -1 | 0 | 1;
}
/** The difference of two rates by Newcombe's hybrid, from their own limits. */
export function difference(now: Rate, before: Rate): Difference | undefined {
  if (now.of === 0 || before.of === 0) return undefined;
  const [l1, u1] = now.ci ?? wilson(now.n, now.of);
  const [l2, u2] = before.ci ?? wilson(before.n, before.of);
  const p1 = share(now);
  const p2 = share(before);
  const value = p1 - p2;
  const low = value - Math.hypot(p1 - l1, u2 - p2);
  const high = value + Math.hypot(u1 - p1, p2 - l2);
  return { value, low, high, direction: low > 0 ? 1 : high < 0 ? -1 : 0 };
}

/** The change of a count whose own scatter is about its square root: within two of it, "about the same". */
export function countChange(now: number, before: number): { ratio: number; direction: -1 | 0 | 1 } | undefined {
  if (before <= 0) return undefined;
  const clear = Math.abs(now - before) > Z * Math.sqrt(now + before);
  return { ratio: now / before - 1, direction: !clear ? 0 : now > before ? 1 : -1 };
}
