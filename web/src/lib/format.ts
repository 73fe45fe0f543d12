// Numbers in the reader's locale; dates in the site's time zone.
import type { Money } from './types.ts';

export interface Formatter {
  count(n: number): string;
  /** Short form for axes and narrow places: 12.4K. */
  short(n: number): string;
  percent(p: number): string;
  /** A percentage under an axis: no more digits than it needs. */
  tick(p: number): string;
  /** Both ends with the same digits and one sign: "2.7 to 3.3%". */
  interval(low: number, high: number): string;
  /** A signed change as a ratio: "+8.3%". */
  change(ratio: number): string;
  points(difference: number): string;
  money(m: Money): string;
  duration(ms: number): string;
  decimal(n: number, digits?: number): string;
  day(iso: string): string;
  dayLong(iso: string): string;
  hour(ms: number): string;
  moment(ms: number): string;
  days(from: string, to: string): string;
}

/** Digits after the point so that a percentage carries about three that mean something. */
export function percentDigits(p: number): number {
  const percent = Math.abs(p) * 100;
  if (percent === 0 || percent >= 99.95) return 0;
  if (percent >= 10) return 1;
  if (percent >= 0.095) return 2;
  return 3;
}

/** Minor units in one major unit: 100 for EUR, 1 for JPY, 1000 for KWD. */
export function minorUnits(currency: string): number {
  try {
    const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
    return 10 ** (digits.maximumFractionDigits ?? 2);
  } catch {
    return 100;
  }
}

export function formatter(locale?: string, timeZone = 'UTC'): Formatter {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  // Days are calendar dates: they are formatted as UTC so that no zone can move them.
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const dayLong = new Intl.DateTimeFormat(locale, {
    weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC',
  });
  const span = new Intl.DateTimeFormat(locale, {
    day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC',
  });
  const hour = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone });
  const moment = new Intl.DateTimeFormat(locale, {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone,
  });
  const fixed = (style: 'percent' | 'decimal', digits: number, sign = false) =>
    new Intl.NumberFormat(locale, {
      style, minimumFractionDigits: digits, maximumFractionDigits: digits,
      ...(sign ? { signDisplay: 'exceptZero' as const } : {}),
    });
  const at = (iso: string) => new Date(`${iso}T00:00:00Z`);

  return {
    count: (n) => number.format(n),
    short: (n) => compact.format(n),
    percent: (p) => fixed('percent', percentDigits(p)).format(p),
    tick: (p) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 }).format(p),
    interval: (low, high) => {
      const digits = Math.max(0, percentDigits(high) - 1);
      return `${fixed('decimal', digits).format(low * 100)} to ${fixed('percent', digits).format(high)}`;
    },
    change: (ratio) => fixed('percent', Math.abs(ratio) >= 0.0995 ? 0 : 1, true).format(ratio),
    points: (d) => fixed('decimal', percentDigits(d), true).format(d * 100),
    money: (m) => {
      const units = minorUnits(m.currency);
      const whole = Math.abs(m.minor) >= 1000 * units;
      return new Intl.NumberFormat(locale, {
        style: 'currency', currency: m.currency, ...(whole ? { maximumFractionDigits: 0 } : {}),
      }).format(m.minor / units);
    },
    duration,
    decimal: (n, digits = 1) => fixed('decimal', digits).format(n),
    day: (iso) => day.format(at(iso)),
    dayLong: (iso) => dayLong.format(at(iso)),
    hour: (ms) => hour.format(ms),
    moment: (ms) => moment.format(ms),
    days: (from, to) => (from === to ? span.format(at(from)) : span.formatRange(at(from), at(to))),
  };
}

/** The two largest units that matter: "45 s", "2 min 5 s", "3 h 10 min", "4 d 2 h". */
export function duration(ms: number): string {
  if (ms < 950) return `${(ms / 1000).toFixed(1)} s`;
  const units: [number, string][] = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1000, 's']];
  for (const [i, [size, name]] of units.entries()) {
    const small = units[i + 1];
    // Rounded to the unit that is shown, so that 59.9 minutes are an hour and not 60 minutes.
    const rounded = small ? Math.round(ms / small[0]) * small[0] : Math.round(ms / size) * size;
    if (rounded < size) continue;
    const rest = small ? Math.round((rounded % size) / small[0]) : 0;
    return rest === 0 ? `${Math.floor(rounded / size)} ${name}` : `${Math.floor(rounded / size)} ${name} ${rest} ${small![1]}`;
  }
  return '1 s';
}
