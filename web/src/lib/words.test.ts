import { expect, test } from 'vitest';
import { words } from './words.ts';
import { csvText, fileName } from './save.ts';

/** Every text of the catalogue; those with numbers are called with stand-ins. */
function* texts(value: unknown, path = ''): Generator<[string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value === 'function') {
    const stand = new Proxy({}, { get: (_, key) => (key === Symbol.toPrimitive ? () => '7' : '7') });
    yield* texts((value as (...args: unknown[]) => unknown)(stand, 7, '7', 7, '7'), path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* texts(inner, `${path}.${key}`);
  }
}
const all = [...texts(words)];

test('the catalogue is not empty', () => expect(all.length).toBeGreaterThan(300));
test('no word has to be looked up in a book of statistics', () => {
  const banned = /\b(p-values?|null hypothesis|significan(t|ce)|confidence (level|interval)|standard deviation|session|users?' sessions)\b/i;
  expect(all.filter(([path, text]) => banned.test(text) && !path.startsWith('.help'))).toEqual([]);
});
test('no text has a hole in it', () => {
  expect(all.filter(([, text]) => /undefined|\[object|NaN/.test(text))).toEqual([]);
});
test('nothing shouts', () => {
  expect(all.filter(([, text]) => text.includes('!'))).toEqual([]);
});

test('a table taken along opens the same everywhere', () => {
  expect(csvText(['a', 'b'], [['x,"y"', 1.5], ['=1+1', -2], ['two\nlines', 0]])).toBe(
    'a,b\r\n"x,""y""",1.5\r\n\'=1+1,-2\r\n"two\nlines",0\r\n',
  );
  expect(fileName('Visitors by day', 'csv')).toBe('cairn-visitors-by-day.csv');
  expect(fileName('…', 'png')).toBe('cairn-table.png');
});
