import { describe, expect, test } from 'vitest';
import { addDays, comparedDays, dayAt, dayStart, daysBetween, isDay, readRange, untilNow } from './range.ts';

const today = '2026-11-22'; // a Sunday

test.each([
  [undefined, '2026-10-26', today], ['nonsense', '2026-10-26', today], ['today', today, today],
  ['yesterday', '2026-11-21', '2026-11-21'], ['7d', '2026-11-16', today], ['91d', '2026-08-24', today],
  ['month', '2026-11-01', today], ['last-month', '2026-10-01', '2026-10-31'], ['year', '2026-01-01', today],
  ['2026-02-01..2026-02-28', '2026-02-01', '2026-02-28'],
  ['2026-02-01..2026-02-30', '2026-10-26', today], // no such day
  ['2026-03-01..2026-02-01', '2026-10-26', today], // backwards
])('%s', (text, from, to) => expect(readRange(text, today)).toMatchObject({ from, to }));

describe('the days compared with', () => {
  test.each([
    ['four weeks', '2026-10-26', '2026-11-22', '2026-09-28', '2026-10-25'],
    ['a week', '2026-11-16', '2026-11-22', '2026-11-09', '2026-11-15'],
    ['a day stands beside its weekday', '2026-11-22', '2026-11-22', '2026-11-15', '2026-11-15'],
    ['a month moves by whole weeks, without overlap', '2026-10-01', '2026-10-31', '2026-08-27', '2026-09-26'],
  ])('%s', (_, from, to, bFrom, bTo) => {
    const before = comparedDays({ from, to }, 'previous')!;
    expect(before).toEqual({ from: bFrom, to: bTo });
    expect(daysBetween(before.from, from) % 7).toBe(0);
    expect(before.to < from).toBe(true);
  });
  test('a year before is 52 weeks', () => {
    expect(comparedDays({ from: today, to: today }, 'year')).toEqual({ from: '2025-11-23', to: '2025-11-23' });
    expect(comparedDays({ from: today, to: today }, 'none')).toBeNull();
  });
});

describe('days and instants', () => {
  test('days do not care about clocks', () => {
    expect(addDays('2026-03-28', 2)).toBe('2026-03-30');
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(isDay('2026-02-29')).toBe(false);
  });
  test.each([
    ['Europe/Berlin', '2026-07-01', '2026-06-30T22:00:00Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00Z'], // clocks go forward in this day
    ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00Z'],
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00Z'], // and back in this one
    ['Asia/Kolkata', '2026-01-01', '2025-12-31T18:30:00Z'],
    ['UTC', '2026-01-01', '2026-01-01T00:00:00Z'],
  ])('%s %s begins at %s', (zone, day, at) => {
    expect(new Date(dayStart(day, zone)).toISOString().replace('.000', '')).toBe(at);
    expect(dayAt(dayStart(day, zone), zone)).toBe(day);
    expect(dayAt(dayStart(day, zone) - 1, zone)).toBe(addDays(day, -1));
  });
});

describe('a question up to this moment', () => {
  const now = Date.parse('2026-11-22T09:30:00Z'); // 10:30 in Berlin
  test('today and the day beside it end at the same hour', () => {
    const asked = untilNow(
      { range: { from: '2026-10-26', to: today }, compare: { from: '2026-09-28', to: '2026-10-25' }, limit: 8 },
      'Europe/Berlin', now,
    );
    expect(asked).toEqual({
      range: { from_ms: Date.parse('2026-10-25T23:00:00Z'), to_ms: now },
      // The clocks went back on 25 October: ten and a half hours after its midnight it was 9:30.
      compare: { from_ms: Date.parse('2026-09-27T22:00:00Z'), to_ms: Date.parse('2026-10-24T22:00:00Z') + 37_800_000 },
      limit: 8,
    });
  });
  test('days that are over stay days', () => {
    const over = { range: { from: '2026-10-01', to: '2026-10-31' } };
    expect(untilNow(over, 'Europe/Berlin', now)).toBe(over);
  });
});
