// What the screens need to say about rates.  Intervals and differences come from the server; here
// one is computed only for the points of a series, which travel as plain counts.
import type { Maybe, NotGiven, Rate } from './types.ts';

const Z = 1.959963985;
/** With fewer than this the screens show "y of n" and no percentage (METHODS 0.6). */
export const FEW = 20;

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
  /** 0: no clear change, because the likely range of the difference holds none at all. */
  direction: -1 | 0 | 1;
}
/** How a rate moved against the days compared with, as the server found it. */
export function changeOf(rate: Rate | undefined): Difference | undefined {
  if (!rate || !given(rate.change)) return undefined;
  const { value, ci } = rate.change;
  return { value, direction: ci[0] > 0 ? 1 : ci[1] < 0 ? -1 : 0 };
}

/** The change of a count whose own scatter is about its square root: within two of it, "about the same". */
export function countChange(now: number, before: number): { ratio: number; direction: -1 | 0 | 1 } | undefined {
  if (before <= 0) return undefined;
  const clear = Math.abs(now - before) > Z * Math.sqrt(now + before);
  return { ratio: now / before - 1, direction: !clear ? 0 : now > before ? 1 : -1 };
}
