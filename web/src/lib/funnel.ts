// A funnel's definition in the address and in words.
//   steps=page:/p/*,goal:cart,event:begin_checkout?,goal:purchase&window=86400&order=strict
// A step ending in ? may be skipped; a step that these words cannot say is JSON.
import type { Attempts, FunnelDef, FunnelStep, Goal, Order } from './types.ts';

export const WINDOW_S = 604_800;
export const orders: readonly Order[] = ['ordered', 'strict', 'any', 'open'];
export const attempts: readonly Attempts[] = ['best', 'first', 'totals'];
export const scopes = ['visitor', 'session'] as const;
export const likes = ['cairn', 'mixpanel', 'ga4'] as const;
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
  return def;
}
/** The parameters that turn `saved` into `def`; an empty one is left out of the address. */
export function defQuery(def: FunnelDef, saved?: FunnelDef): Record<string, string> {
  const differs = <T>(a: T | undefined, b: T | undefined, usual: T) => JSON.stringify(a ?? usual) !== JSON.stringify(b ?? usual);
  const window = (d?: FunnelDef) => (d?.window_s === undefined ? WINDOW_S : d.window_s);
  const steps = writeSteps(def.steps);
  return {
    steps: steps === writeSteps(saved?.steps ?? []) ? '' : steps,
    window: window(def) === window(saved) ? '' : String(window(def) ?? 'none'),
    order: differs(def.order, saved?.order, 'ordered') ? (def.order ?? 'ordered') : '',
    attempts: differs(def.attempts, saved?.attempts, 'best') ? (def.attempts ?? 'best') : '',
    scope: differs(def.scope, saved?.scope, 'visitor') ? (def.scope ?? 'visitor') : '',
    like: differs(def.like, saved?.like, 'cairn') ? (def.like ?? 'cairn') : '',
  };
}
/** What the server is asked: a preset decides what it presets. */
export function funnelBody(def: FunnelDef): Record<string, unknown> {
  const { steps, order, attempts: tries, scope, like, window_s } = def;
  // Attempts of people who do steps in any order are not a thing; see METHODS 2.2.
  const loose = order === 'any' || order === 'open';
  return {
    steps,
    ...(like && like !== 'cairn' ? { like } : {}),
    ...(window_s !== undefined && like !== 'ga4' ? { window_s } : {}),
    ...(order ? { order } : {}),
    ...(tries && !loose && (!like || like === 'cairn') ? { attempts: tries } : {}),
    ...(scope ? { scope } : {}),
  };
}

/** The glob of a page step reads as it is; a goal has its name. */
export function stepName(step: FunnelStep, goals: readonly Goal[]): string {
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
