import { describe, expect, test } from 'vitest';
import { readAddress, readFilter, writeAddress, writeFilter } from './address.ts';
import type { Filter } from './types.ts';

const at = (path: string) => readAddress(new URL(path, 'http://x'));

test.each([
  ['/', 'home'], ['/sign-in?link=abc', 'sign-in'], ['/sign-in/abc', 'sign-in'], ['/s/demo', 'screen'],
  ['/s/demo/funnels/checkout', 'screen'], ['/s', 'unknown'], ['/s/demo/nowhere', 'unknown'], ['/other', 'unknown'],
  ['/s/demo/goals/a/b', 'unknown'], ['/s/%E0%A4%A/overview', 'screen'],
])('%s is %s', (path, place) => expect(at(path).place).toBe(place));

test('what is written reads as the same', () => {
  const path = '/s/demo/funnels/new?by=device&range=28d&steps=page:/p/*,goal:cart&f=device:is:mobile&f=props.size:contains:a%3Ab:visitor';
  const address = at(path);
  expect(address).toMatchObject({ site: 'demo', screen: 'funnels', item: 'new' });
  expect(address.query).toEqual({ by: 'device', range: '28d', steps: 'page:/p/*,goal:cart' });
  expect(at(writeAddress(address))).toEqual(address);
});
test('parameters without a value are left out', () => {
  expect(writeAddress({ site: 'a b', screen: 'overview', item: '', query: { show: '', range: '7d' }, filters: [] }))
    .toBe('/s/a%20b/overview?range=7d');
});

describe('filters', () => {
  test.each<Filter>([
    { property: 'device', op: 'is', value: 'mobile' },
    { property: 'path', op: 'begins', value: '/a:b%3A?&=#', on: 'event' },
    { property: 'props.x:y', op: 'contains', value: '' },
    { property: 'source', op: 'is', value: 'שלום', on: 'visitor' },
  ])('%o', (filter) => {
    expect(readFilter(writeFilter(filter))).toEqual(filter);
    const url = writeAddress({ site: 's', screen: 'overview', item: '', query: {}, filters: [filter] });
    expect(at(url).filters).toEqual([filter]);
  });
  test.each(['', 'device', 'device:is', 'device:equals:x', ':is:x', 'device:is:x:nobody', 'a:is:b:event:c'])('%s is none', (text) =>
    expect(readFilter(text)).toBeNull());
});
