// A funnel's definition in the address and in words.
//   steps=page:/p/*,goal:cart,event:begin_checkout?,goal:purchase&window=86400&order=strict
//   without=1-2:event:remove_from_cart&same=items.item_id
// A step ending in ? may be skipped; a step that these words cannot say is JSON.
import type { Attempts, Exclusion, Funnel, FunnelDef, FunnelStep, Goal, Like, Order } from './types.ts';

export const WINDOW_S = 604_800;
export const EXCLUSIONS_MOST = 10;
export const HOLD_MOST = 4;
export const orders: readonly Order[] = ['ordered', 'strict', 'any', 'open'];
export const attempts: readonly Attempts[] = ['best', 'first', 'totals'];
export const scopes = ['visitor', 'session'] as const;
export const likes: readonly Like[] = ['cairn', 'mixpanel', 'ga4'];
export const windows = ['3600', '86400', '604800', '2592000', 'none'] as const;

const simple = new Set(['goal', 'event', 'page', 'optional']);
const escape = (text: string) => text.replace(/[%,?]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const unescape = (text: string) => text.replace(/%(25|2C|3F)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

export function writeSteps(steps: readonly FunnelStep[]): string {
  return steps.map((step) => {
    const kind = (['goal', 'event', 'page'] as const).find((k) => step[k] !== undefined);
    if (!kind || Object.keys(step).some((k) => !simple.has(k))) return escape(JSON.stringify(step));
    return `${kind}:${escape(step[kind]!)}${step.optional ? '?' : ''}`;
  }).join(',');
}
export function readSteps(text: string): FunnelStep[] {
  const steps: FunnelStep[] = [];
  for (const part of text.split(',').filter(Boolean).slice(0, 50)) {
    const word = part.match(/^(goal|event|page):([^?]+)(\?)?$/);
    if (word) {
      steps.push({ [word[1]!]: unescape(word[2]!), ...(word[3] ? { optional: true } : {}) });
      continue;
    }
    try {
      const json: unknown = JSON.parse(unescape(part));
      if (typeof json === 'object' && json !== null && !Array.isArray(json)) steps.push(json as FunnelStep);
    } catch {
      // A step that cannot be read is left out; the rest of the address still stands.
    }
  }
  return steps;
}

/** `1-2:event:remove_from_cart,1-3:goal:left`; an end that is not given is the first or the last step. */
export function writeExclusions(list: readonly Exclusion[]): string {
  return list.map(({ from, to, ...step }) => `${from ?? ''}-${to ?? ''}:${writeSteps([step])}`).join(',');
}
export function readExclusions(text: string): Exclusion[] {
  const list: Exclusion[] = [];
  for (const part of text.split(',')) {
    const [, from, to, words] = part.match(/^(\d*)-(\d*):(.+)$/) ?? [];
    const [step] = readSteps(words ?? '');
    if (step) list.push({ ...step, ...(from ? { from: Number(from) } : {}), ...(to ? { to: Number(to) } : {}) });
  }
  return list.slice(0, EXCLUSIONS_MOST);
}

/** Where people may enter anywhere or do the steps in any order, the server knows neither attempts
 * nor what ends them; METHODS 2.2. */
export const isLoose = (def: FunnelDef) => def.order === 'any' || def.order === 'open';
/** What counts when it is not said; a preset is such a silence filled in. */
export const attemptsOf = (def: FunnelDef): Attempts => def.attempts ?? (def.like === 'mixpanel' ? 'first' : 'best');
export const windowOf = (def: FunnelDef): number | null =>
  def.window_s !== undefined ? def.window_s : def.like === 'ga4' ? null : WINDOW_S;
/** With a preset, which decides what it presets until something else is said by name. */
export function withLike(def: FunnelDef, like: Like): FunnelDef {
  const { attempts: _, window_s, ...rest } = def;
  return { ...rest, ...(like !== 'ga4' && window_s !== undefined && def.like !== 'ga4' ? { window_s } : {}), like };
}

/** With the steps at `kept` (from 0) in that order.  Exclusions follow their steps; one whose step is
 * gone reaches to the neighbour, and one without a span left goes too. */
export function rearranged(def: FunnelDef, kept: readonly number[]): FunnelDef {
  const steps = kept.map((i) => def.steps[i]!).map((step, i) => {
    // The first step cannot be skipped: it is what everybody enters by.
    const { optional, ...rest } = step;
    return i > 0 || !optional ? step : rest;
  });
  if (!def.exclude?.length) return { ...def, steps };
  const place = (i: number, by: 1 | -1) => {
    while (i >= 0 && i < def.steps.length && !kept.includes(i)) i += by;
    return i < 0 ? 1 : i >= def.steps.length ? kept.length : kept.indexOf(i) + 1;
  };
  const exclude = def.exclude.flatMap((x) => {
    const ends = [x.from === undefined ? 1 : place(x.from - 1, -1), x.to === undefined ? kept.length : place(x.to - 1, 1)];
    const from = Math.min(...ends);
    const to = Math.max(...ends);
    if (from < 1 || from === to) return [];
    return [{ ...x, ...(x.from === undefined && from === 1 ? {} : { from }), ...(x.to === undefined && to === kept.length ? {} : { to }) }];
  });
  return { ...def, steps, exclude };
}

type Query = Record<string, string | undefined>;
const one = <T extends string>(all: readonly T[], text: string | undefined): T | undefined => all.find((v) => v === text);

/** The saved definition with what the address changes of it. */
export function readDef(query: Query, saved?: FunnelDef): FunnelDef {
  const def: FunnelDef = { ...saved, steps: query.steps !== undefined ? readSteps(query.steps) : (saved?.steps ?? []) };
  if (query.window !== undefined) {
    const seconds = Number(query.window);
    def.window_s = query.window === 'none' || !(seconds > 0) ? null : Math.round(seconds);
  }
  const order = one(orders, query.order);
  const tries = one(attempts, query.attempts);
  const scope = one(scopes, query.scope);
  const like = one(likes, query.like);
  if (order) def.order = order;
  if (tries) def.attempts = tries;
  if (scope) def.scope = scope;
  if (like) def.like = like;
  if (query.without !== undefined) def.exclude = query.without === 'none' ? [] : readExclusions(query.without);
  if (query.same !== undefined) def.hold = query.same === 'none' ? [] : query.same.split(',').filter(Boolean).slice(0, HOLD_MOST).map(unescape);
  return def;
}
/** The parameters that turn `saved` into `def`; an empty one is left out of the address. */
export function defQuery(def: FunnelDef, saved?: FunnelDef): Record<string, string> {
  // Against what would count if the address said nothing but the preset.
  const silent: FunnelDef = { ...saved, steps: [], ...(def.like ? { like: def.like } : {}) };
  const unless = (text: string, before: string) => (text === before ? '' : text || 'none');
  const window = (d: FunnelDef) => String(windowOf(d) ?? 'none');
  const without = (d: FunnelDef) => writeExclusions(d.exclude ?? []);
  const same = (d: FunnelDef) => (d.hold ?? []).map(escape).join(',');
  const steps = writeSteps(def.steps);
  return {
    steps: steps === writeSteps(saved?.steps ?? []) ? '' : steps,
    window: unless(window(def), window(silent)),
    order: unless(def.order ?? 'ordered', silent.order ?? 'ordered'),
    attempts: unless(attemptsOf(def), attemptsOf(silent)),
    scope: unless(def.scope ?? 'visitor', silent.scope ?? 'visitor'),
    like: unless(def.like ?? 'cairn', saved?.like ?? 'cairn'),
    without: unless(without(def), without(silent)),
    same: unless(same(def), same(silent)),
  };
}
/** What the server is asked: the definition, without what its order rules out. */
export function funnelBody(def: FunnelDef): FunnelDef {
  const { steps, window_s, order, attempts, ties, scope, like, exclude, hold, breakdown_step } = def;
  const body = { window_s, order, ties, scope, like, hold, breakdown_step, ...(isLoose(def) ? {} : { attempts, exclude }) };
  return { steps, ...Object.fromEntries(Object.entries(body).filter(([, v]) => v !== undefined)) };
}
/** What is stored: everything of the definition, also what this page cannot say. */
export function funnelDocument(def: FunnelDef, name: string): Omit<Funnel, 'key'> {
  const { key: _, ...document } = { ...def, name } as Funnel;
  return document;
}
/** What is changed of `saved`: a field that is gone is null. */
export function funnelPatch(def: FunnelDef, saved: Funnel): Record<string, unknown> {
  const document: Record<string, unknown> = { ...funnelDocument(def, saved.name) };
  for (const field of ['exclude', 'hold'] as const) if (def[field]?.length === 0) document[field] = null;
  for (const field of Object.keys(saved)) if (field !== 'key' && document[field] === undefined) document[field] = null;
  return document;
}

/** The glob of a page step reads as it is; a goal has its name. */
export function stepName(step: FunnelStep, goals: readonly Goal[]): string {
  if (step.label) return step.label;
  if (step.goal !== undefined) return goals.find((g) => g.key === step.goal)?.name ?? step.goal;
  if (step.event !== undefined) return step.event;
  if (step.page !== undefined) return step.page;
  if (step.any) return step.any.map((s) => stepName(s, goals)).join(' or ');
  return String(step.rule?.name ?? step.rule?.path ?? step.rule?.type ?? '?');
}
export function stepKind(step: FunnelStep): 'goal' | 'event' | 'page' | 'rule' {
  return step.goal !== undefined ? 'goal' : step.event !== undefined ? 'event' : step.page !== undefined ? 'page' : 'rule';
}
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [item] = next.splice(from, 1);
  if (item !== undefined) next.splice(to, 0, item);
  return next;
}
