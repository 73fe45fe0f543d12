// Which days a screen shows, and which it compares them with.  Days are "2026-10-31" in the site's
// time zone; arithmetic is on calendar days, so no change of clocks can lose or double one.
import type { Days } from './types.ts';

export const presets = ['today', 'yesterday', '7d', '28d', '91d', '364d', 'month', 'last-month', 'year'] as const;
export type Preset = (typeof presets)[number];
export type Comparison = 'previous' | 'year' | 'none';
export const DEFAULT_PRESET: Preset = '28d';

export function addDays(day: string, n: number): string {
  const d = new Date(`${day}T00:00:00Z`);
  d.setUTCDate(d.getUTCDate() + n);
  return d.toISOString().slice(0, 10);
}
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
    addDays(text, 0) === text;
}
/** The calendar day at an instant in a zone. */
export function dayAt(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone, year: 'numeric', month: '2-digit', day: '2-digit',
  }).formatToParts(ms);
  const get = (type: string) => parts.find((p) => p.type === type)?.value ?? '';
  return `${get('year').padStart(4, '0')}-${get('month')}-${get('day')}`;
}

/** Reads `28d` or `2026-10-01..2026-10-31`; what cannot be read is the default. */
export function readRange(text: string | undefined, today: string): Days & { preset?: Preset } {
  const own = text?.match(/^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/);
  if (own && isDay(own[1]!) && isDay(own[2]!) && own[1]! <= own[2]!) {
    return { from: own[1]!, to: own[2]! };
  }
  const preset = presets.find((p) => p === text) ?? DEFAULT_PRESET;
  const first = (day: string) => `${day.slice(0, 7)}-01`;
  switch (preset) {
    case 'today': return { preset, from: today, to: today };
    case 'yesterday': return { preset, from: addDays(today, -1), to: addDays(today, -1) };
    case 'month': return { preset, from: first(today), to: today };
    case 'last-month': {
      const end = addDays(first(today), -1);
      return { preset, from: first(end), to: end };
    }
    case 'year': return { preset, from: `${today.slice(0, 4)}-01-01`, to: today };
    default: return { preset, from: addDays(today, 1 - Number.parseInt(preset, 10)), to: today };
  }
}

/** The days compared with: as many, moved back by whole weeks, so that weekdays meet weekdays. */
export function comparedDays(range: Days, how: Comparison): Days | null {
  if (how === 'none') return null;
  const length = daysBetween(range.from, range.to) + 1;
  const back = how === 'year' ? 364 : Math.ceil(length / 7) * 7;
  return { from: addDays(range.from, -back), to: addDays(range.to, -back) };
}
export function readComparison(text: string | undefined): Comparison {
  return text === 'none' || text === 'year' ? text : 'previous';
}

/** The instant at which a calendar day begins in a zone. */
export function dayStart(day: string, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  const wanted = Date.parse(`${day}T00:00:00Z`);
  const offset = (ms: number) => {
    const get = Object.fromEntries(parts.formatToParts(ms).map((p) => [p.type, Number(p.value)]));
    return Date.UTC(get.year!, get.month! - 1, get.day, get.hour, get.minute, get.second) - ms;
  };
  // Twice, because the first guess may lie on the other side of a change of clocks.
  const guess = wanted - offset(wanted);
  return wanted - offset(guess);
}

/** A question whose days end today, asked up to this moment: today is compared with as much of the
 * day it stands beside, not with a whole one. */
export function untilNow<T extends { range?: unknown; compare?: unknown }>(question: T, timeZone: string, now_ms: number): T {
  const isDays = (v: unknown): v is Days => typeof v === 'object' && v !== null && 'from' in v && 'to' in v;
  const { range, compare } = question;
  if (!isDays(range) || range.to !== dayAt(now_ms, timeZone)) return question;
  const spent = now_ms - dayStart(range.to, timeZone);
  const cut = (days: Days, to_ms: number) => ({ from_ms: dayStart(days.from, timeZone), to_ms });
  return {
    ...question,
    range: cut(range, now_ms),
    ...(isDays(compare) ? { compare: cut(compare, dayStart(compare.to, timeZone) + spent) } : {}),
  };
}
