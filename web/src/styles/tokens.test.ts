// WCAG 2.2 contrast, computed from tokens.css for every pair that the components put together.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const file = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');
const stones = new Map([...file.matchAll(/--(stone-\d+): (#\w+);/g)].map(([, name, value]) => [name!, value!]));
const css = file.replace(/var\(--(stone-\d+)\)/g, (whole, name: string) => stones.get(name) ?? whole);
const tokens = new Map<string, [string, string]>();
for (const [, name, light, dark] of css.matchAll(/--([\w-]+):\s*light-dark\((#\w+),\s*(#\w+)\)/g)) {
  tokens.set(name!, [light!, dark!]);
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x! + 0.05) / (y! + 0.05);
}

const surfaces = ['page', 'card', 'sunken', 'float', 'hover'];
const text: [string, string[]][] = [
  ['ink', [...surfaces, 'pressed', 'bar', 'macro-wash', 'milestone-wash', 'secondary-wash', 'accent-wash']],
  ['ink-soft', [...surfaces, 'bar']],
  ['ink-faint', surfaces],
  ['accent', [...surfaces, 'accent-wash']],
  ['on-accent', ['accent', 'accent-hover']],
  ['macro', ['card', 'sunken', 'macro-wash', 'hover']],
  ['milestone', ['card', 'milestone-wash']],
  ['secondary', ['card', 'secondary-wash']],
  ['better', surfaces],
  ['worse', [...surfaces, 'worse-wash', 'bar']],
  ['warn', ['warn-wash', 'page', 'float']],
];
/** Lines and shapes that one must be able to see to use the page: 3 to 1. */
const shapes: [string, string[]][] = [
  ['line-strong', ['card', 'page', 'sunken', 'float']],
  ['focus', surfaces],
  ['series', ['card']],
  ['macro', ['card']],
  ['milestone', ['card']],
  ['secondary', ['card']],
];

test('the file has tokens', () => expect(tokens.size).toBeGreaterThan(30));
describe.each([[0, 'light'], [1, 'dark']])('%i %s', (mode) => {
  const of = (name: string) => {
    const pair = tokens.get(name);
    if (!pair) throw new Error(`no token --${name}`);
    return pair[mode]!;
  };
  test.each(text.flatMap(([a, list]) => list.map((b) => [a, b])))('%s can be read on %s', (a, b) =>
    expect(contrast(of(a!), of(b!))).toBeGreaterThanOrEqual(4.5));
  test.each(shapes.flatMap(([a, list]) => list.map((b) => [a, b])))('%s can be seen on %s', (a, b) =>
    expect(contrast(of(a!), of(b!))).toBeGreaterThanOrEqual(3));
});
