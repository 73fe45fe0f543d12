// Everything a screen shows is in its address, so Back works and a copied address shows the same.
//   /s/{site}/{screen}[/{item}]?range=28d&compare=none&f=device:is:mobile&...
// Parameters at their default are left out.
import type { Filter, Op } from './types.ts';

export const screens = ['overview', 'funnels', 'goals', 'incoming', 'site', 'users'] as const;
export type Screen = (typeof screens)[number];

export interface Address {
  /** Where the page is: signing in, a site's screen, or nowhere we know. */
  place: 'home' | 'sign-in' | 'screen' | 'unknown';
  site: string;
  screen: Screen;
  /** A goal's or funnel's key, or "new". */
  item: string;
  query: Record<string, string>;
  filters: Filter[];
}

const ops = new Set<string>([
  'is', 'is_not', 'contains', 'not_contains', 'begins', 'ends', 'regex', 'exists', 'gt', 'gte', 'lt', 'lte',
]);

/** `device:is:mobile`; property and value may hold colons of their own, percent-coded. */
export function writeFilter(f: Filter): string {
  const part = (text: string) => text.replaceAll('%', '%25').replaceAll(':', '%3A');
  const fields = [part(f.property), f.op, part(String(f.value ?? ''))];
  return (f.on ? [...fields, f.on] : fields).join(':');
}
export function readFilter(text: string): Filter | null {
  const [property, op, value, on, ...rest] = text.split(':');
  if (!property || !op || !ops.has(op) || value === undefined || rest.length > 0) return null;
  if (on !== undefined && on !== 'event' && on !== 'session' && on !== 'visitor') return null;
  const whole = (t: string) => t.replaceAll('%3A', ':').replaceAll('%25', '%');
  return { property: whole(property), op: op as Op, value: whole(value), ...(on ? { on } : {}) };
}

export function readAddress(url: URL): Address {
  const query: Record<string, string> = {};
  const filters: Filter[] = [];
  for (const [name, value] of url.searchParams) {
    if (name !== 'f') query[name] = value;
    else {
      const filter = readFilter(value);
      if (filter) filters.push(filter);
    }
  }
  const parts = url.pathname.split('/').filter(Boolean).map(decode);
  const base = { site: '', screen: 'overview' as Screen, item: '', query, filters };
  if (parts.length === 0) return { ...base, place: 'home' };
  if (parts[0] === 'sign-in' && parts.length <= 2) {
    return { ...base, place: 'sign-in', item: parts[1] ?? '' };
  }
  if (parts[0] !== 's' || !parts[1] || parts.length > 4) return { ...base, place: 'unknown' };
  const screen = screens.find((s) => s === (parts[2] ?? 'overview'));
  if (!screen) return { ...base, place: 'unknown', site: parts[1] };
  return { ...base, place: 'screen', site: parts[1], screen, item: parts[3] ?? '' };
}

export function writeAddress(a: Pick<Address, 'site' | 'screen' | 'item' | 'query' | 'filters'>): string {
  const path = ['s', a.site, a.screen, ...(a.item ? [a.item] : [])].map(encodeURIComponent).join('/');
  const query = new URLSearchParams();
  for (const name of Object.keys(a.query).sort()) {
    if (a.query[name] !== '') query.set(name, a.query[name]!);
  }
  for (const filter of a.filters) query.append('f', writeFilter(filter));
  // Commas, colons and the like are allowed in a query; readable addresses are kind to people.
  const text = query.toString().replace(/%(2C|3A|2F|40|3B|21|28|29)/gi, (code) => decodeURIComponent(code));
  return `/${path}${text ? `?${text}` : ''}`;
}

/** What stays when one goes to another screen: the days, the comparison and the filters. */
const lasting = new Set(['range', 'compare']);
export function lastingQuery(query: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter(([name]) => lasting.has(name)));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
