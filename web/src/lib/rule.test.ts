import { expect, test } from 'vitest';
import { cleanRule, isComplete, keyFrom, kinds, newRule, ruleWords } from './rule.ts';
import type { Rule } from './types.ts';

test.each<[Rule, string]>([
  [{ type: 'destination', match: 'begins', path: '/thanks' }, 'views a page whose address begins with “/thanks”'],
  [{ type: 'event', name: 'add_to_cart', where: [{ property: 'items.price', op: 'gte', value: 10 }] }, 'does an event called “add_to_cart” where price is at least “10”'],
  [{ type: 'scroll', at_least: 75, path: '/blog*' }, 'scrolls at least 75 percent down on the page “/blog*”'],
  [{ any: [{ type: 'search' }, { type: 'form', stage: 'submit' }] }, 'searches the site, or sends any form'],
  [{ type: 'sequence', steps: [{ type: 'event', name: 'a' }, { type: 'event', name: 'b' }], within_s: 60 }, 'does an event called “a”, then does an event called “b”'],
])('%o', (rule, words) => expect(ruleWords(rule)).toBe(words));

test('every kind says something, and never "undefined"', () => {
  for (const kind of kinds) expect(ruleWords({ ...newRule(kind), name: 'x', path: '/x' })).not.toMatch(/undefined|^$/);
});
test('a sentence with holes is not asked about', () => {
  expect(isComplete({ type: 'event', name: '' })).toBe(false);
  expect(isComplete({ type: 'event', name: 'x', where: [{ property: 'a', op: 'is', value: '' }] })).toBe(false);
  expect(isComplete({ type: 'event', name: 'x', where: [{ property: 'a', op: 'exists' }] })).toBe(true);
  expect(isComplete({ type: 'scroll', at_least: undefined })).toBe(false);
  expect(isComplete({ type: 'search' })).toBe(true);
});
test('what was left empty is not sent', () => {
  expect(cleanRule({ type: 'form', form: '', stage: 'submit', where: [] })).toEqual({ type: 'form', stage: 'submit' });
});
test('keys are made from names and do not collide', () => {
  expect(keyFrom('Añadido al carrito!', new Set())).toBe('anadido-al-carrito');
  expect(keyFrom('Cart', new Set(['cart', 'cart-2']))).toBe('cart-3');
  expect(keyFrom('購入', new Set())).toBe('item');
});
