// A goal's rule as the sentence that people read and edit.
import type { Condition, Rule } from './types.ts';
import { words } from './words.ts';

/** The kinds that the sentence can say; any other rule is edited as JSON. */
export const kinds = [
  'event', 'destination', 'scroll', 'engaged', 'pages', 'duration', 'form', 'search', 'download', 'outlink', 'media', 'value', 'returns',
] as const;
export type Kind = (typeof kinds)[number] | 'other';

export function kindOf(rule: Rule): Kind {
  const kind = kinds.find((k) => k === rule.type);
  return kind && !rule.any && !rule.all ? kind : 'other';
}
export function newRule(kind: Kind): Rule {
  switch (kind) {
    case 'destination': return { type: kind, match: 'begins', path: '' };
    case 'event': return { type: kind, name: '' };
    case 'scroll': return { type: kind, at_least: 75 };
    case 'engaged':
    case 'duration': return { type: kind, at_least_s: 60 };
    case 'pages': return { type: kind, at_least: 3 };
    case 'form': return { type: kind, stage: 'submit' };
    case 'media': return { type: kind, stage: 'complete' };
    case 'value': return { type: kind, at_least: 100 };
    case 'returns': return { type: kind, within_days: 7 };
    case 'other': return { any: [{ type: 'event', name: '' }] };
    default: return { type: kind };
  }
}
/** Whether there is enough of it to ask what it would have counted. */
export function isComplete(rule: Rule): boolean {
  const positive = (n: unknown) => typeof n === 'number' && n > 0;
  const wheres = (rule.where ?? []).every((c) => c.property !== '' && (c.op === 'exists' || `${c.value ?? ''}` !== ''));
  switch (kindOf(rule)) {
    case 'destination': return !!rule.path;
    case 'event': return !!rule.name && wheres;
    case 'scroll':
    case 'pages':
    case 'value': return positive(rule.at_least);
    case 'engaged':
    case 'duration': return positive(rule.at_least_s);
    case 'returns': return positive(rule.within_days);
    default: return true;
  }
}
/** The rule without what was left empty. */
export function cleanRule(rule: Rule): Rule {
  const clean: Rule = {};
  for (const [name, value] of Object.entries(rule)) {
    if (value === '' || value === undefined || value === null) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    clean[name] = value;
  }
  return clean;
}

const quote = (text: unknown) => `“${String(text)}”`;
export function conditionWords(c: Condition): string {
  const name = words.properties[c.property] ?? c.property.replace(/^(props|items)\./, '');
  if (c.op === 'exists') return `${name} ${words.ops.exists}`;
  const value = Array.isArray(c.value) ? c.value.join(', ') : c.value;
  return `${name} ${words.ops[c.op]} ${quote(value)}`;
}

/** "views a page whose address begins with “/thanks”" */
export function ruleWords(rule: Rule): string {
  const g = words.goals;
  if (rule.any) return rule.any.map(ruleWords).join(', or ');
  if (rule.all) return rule.all.map(ruleWords).join(', and ');
  const where = (rule.where ?? []).map(conditionWords).join(' and ');
  const on = rule.path ? ` ${g.onPage} ${quote(rule.path)}` : '';
  switch (rule.type) {
    case 'destination':
      return `${g.types.destination} ${g.whoseAddress} ${g.matches[rule.match ?? 'exact']} ${quote(rule.path)}${rule.host ? ` at ${rule.host}` : ''}`;
    case 'event': return `${g.types.event} ${g.called} ${quote(rule.name)}${where ? ` where ${where}` : ''}`;
    case 'scroll': return `${g.types.scroll} ${g.ofAtLeast} ${rule.at_least} ${g.percentDown}${on}`;
    case 'engaged': return `${g.types.engaged} ${g.ofAtLeast} ${rule.at_least_s} ${g.seconds}`;
    case 'duration': return `${g.types.duration} ${g.ofAtLeast} ${rule.at_least_s} ${g.seconds}`;
    case 'pages': return `${g.types.pages} ${g.ofAtLeast} ${rule.at_least} ${g.pagesInVisit}`;
    case 'download': return `${g.types.download}${rule.extension ? ` ${g.ending} ${quote(rule.extension)}` : ''}`;
    case 'outlink': return `${g.types.outlink} ${rule.host ? quote(rule.host) : g.anyHost}`;
    case 'search': return g.types.search!;
    case 'form': return `${g.stages[rule.stage ?? 'submit']} ${rule.form ? `the form ${quote(rule.form)}` : g.anyForm}`;
    case 'media': return `${g.stages[rule.stage ?? 'start']} a video`;
    case 'value': return `${g.types.value} ${g.ofAtLeast} ${rule.at_least}`;
    case 'returns': return `${g.types.returns} ${rule.within_days ?? Math.round((rule.within_s ?? 0) / 86400)} ${g.days}`;
    case 'sequence': return (rule.steps ?? []).map(ruleWords).join(', then ');
    case 'click': return `clicks ${quote(rule.text ?? rule.selector ?? rule.href)}`;
    case 'visible': return `sees ${quote(rule.selector)}`;
    default: return where || g.types.other!;
  }
}

/** A key made from a name: "Added to cart" gives "added-to-cart". */
export function keyFrom(name: string, taken: ReadonlySet<string>): string {
  const base = name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase()
    .replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'item';
  let key = base;
  for (let i = 2; taken.has(key); i++) key = `${base}-${i}`;
  return key;
}
