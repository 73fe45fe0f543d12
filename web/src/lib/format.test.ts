import { describe, expect, test } from 'vitest';
import { duration, formatter, minorUnits, percentDigits } from './format.ts';

const en = formatter('en-GB', 'Europe/Berlin');
const de = formatter('de-DE', 'Europe/Berlin');

describe('numbers', () => {
  test.each([
    ['about three digits that mean something', 0.0295683, '2.96%'],
    ['small rates keep a third', 0.00042, '0.042%'],
    ['one digit from ten on', 0.339, '33.9%'],
    ['nothing is nothing', 0, '0%'],
    ['all is all', 1, '100%'],
  ])('%s', (_, value, text) => expect(en.percent(value)).toBe(text));

  test('the ends of a range share their digits and one sign', () => {
    expect(en.interval(0.02702342, 0.03329322)).toBe('2.7 to 3.3%');
    expect(en.interval(0.3262, 0.3512)).toBe('33 to 35%');
    expect(en.interval(0, 0.1611)).toBe('0 to 16%');
  });
  test("the reader's locale decides how numbers look", () => {
    expect(de.count(1234567)).toBe('1.234.567');
    expect(de.percent(0.0296)).toBe('2,96\u00a0%');
  });
  test('a change has its sign', () => {
    expect(en.change(0.083)).toBe('+8.3%');
    expect(en.change(-0.24)).toBe('-24%');
    expect(en.change(0)).toBe('0.0%');
    expect(en.points(-0.0143)).toBe('-1.43');
  });
  test.each([[0.5, 1], [0.05, 2], [0.001, 2], [0.0005, 3], [0.9999, 0]])('%f has %i digits', (p, n) =>
    expect(percentDigits(p)).toBe(n));
});

describe('money', () => {
  test('minor units are those of the currency', () => {
    expect([minorUnits('EUR'), minorUnits('JPY'), minorUnits('KWD')]).toEqual([100, 1, 1000]);
    expect(minorUnits('nothing')).toBe(100);
    expect(en.money({ minor: 1250, currency: 'EUR' })).toBe('€12.50');
    expect(en.money({ minor: 1250, currency: 'JPY' })).toBe('JP¥1,250');
  });
  test('cents do not matter in thousands', () => {
    expect(en.money({ minor: 5844812, currency: 'EUR' })).toBe('€58,448');
  });
});

describe('times', () => {
  test.each([
    [400, '0.4 s'], [41_000, '41 s'], [94_000, '1 min 34 s'], [3_600_000, '1 h'], [11_400_000, '3 h 10 min'],
    [90_000_000, '1 d 1 h'], [119_700, '2 min'], [3_599_800, '1 h'],
  ])('%i ms', (ms, text) => expect(duration(ms)).toBe(text));

  test('a day is a date and no zone moves it', () => {
    expect(en.day('2026-10-01')).toBe('1 Oct');
    expect(formatter('en-GB', 'Pacific/Kiritimati').day('2026-10-01')).toBe('1 Oct');
    expect(en.days('2026-09-28', '2026-10-25')).toMatch(/^28 Sept?\s–\s25 Oct 2026$/);
  });
  test("an instant is in the site's zone", () => {
    expect(en.hour(Date.UTC(2026, 9, 1, 22, 30))).toBe('00:30');
  });
});
