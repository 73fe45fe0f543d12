// The shapes of API.md, as the server sends them.

export interface Rate {
  n: number;
  of: number;
  /** The likely range, 95 %; null where none can be given, and then status and why stand beside. */
  ci?: [number, number] | null;
  status?: string;
  why?: string;
  /** Against the same rate of the days compared with. */
  change?: Maybe<Interval>;
}
export interface Interval {
  value: number;
  ci: [number, number];
}
export interface Money {
  minor: number;
  currency: string;
}
/** In place of a number that cannot be given. */
export interface NotGiven {
  status: 'too_little' | 'not_defined';
  why?: string;
}
export type Maybe<T> = T | NotGiven;

export type GoalClass = 'macro' | 'milestone' | 'secondary';
export type Counting = 'session' | 'visitor' | 'every';
export type Op =
  | 'is' | 'is_not' | 'contains' | 'not_contains' | 'begins' | 'ends' | 'regex' | 'exists'
  | 'gt' | 'gte' | 'lt' | 'lte' | 'in';
export interface Condition {
  property: string;
  op: Op;
  value?: string | number | boolean | (string | number)[];
}
export interface Filter extends Condition {
  on?: 'event' | 'session' | 'visitor';
}
export interface Rule {
  type?: string;
  match?: 'exact' | 'begins' | 'contains' | 'regex';
  path?: string;
  host?: string;
  name?: string;
  where?: Condition[];
  at_least?: number;
  at_least_s?: number;
  form?: string;
  stage?: string;
  extension?: string;
  steps?: Rule[];
  within_s?: number;
  within_days?: number;
  any?: Rule[];
  all?: Rule[];
  [more: string]: unknown;
}
export type GoalValue = { fixed: number } | { from: 'event' };
export interface Goal {
  key: string;
  name: string;
  class: GoalClass;
  rule: Rule;
  /** Absent: session. */
  count?: Counting;
  value?: GoalValue | null;
  currency?: string;
}
export interface Change {
  at_ms: number;
  who: string;
  change: 'add' | 'patch' | 'delete';
  before: unknown;
  after: unknown;
}

export type Order = 'ordered' | 'strict' | 'any' | 'open';
export type Attempts = 'best' | 'first' | 'totals';
export type Like = 'cairn' | 'mixpanel' | 'ga4';
export interface FunnelStep {
  goal?: string;
  event?: string;
  page?: string;
  rule?: Rule;
  any?: FunnelStep[];
  label?: string;
  optional?: boolean;
  max_gap_s?: number;
}
/** A step's words for what ends an attempt, and between which steps, counted from 1. */
export interface Exclusion extends FunnelStep {
  /** Absent: the first step. */
  from?: number;
  /** Absent: the last step. */
  to?: number;
}
export interface FunnelDef {
  steps: FunnelStep[];
  window_s?: number | null;
  order?: Order;
  attempts?: Attempts;
  ties?: 'any' | 'arrival';
  scope?: 'visitor' | 'session';
  like?: Like;
  exclude?: Exclusion[] | null;
  /** Properties that have one value at all steps. */
  hold?: string[] | null;
  breakdown_step?: number;
}
export interface Funnel extends FunnelDef {
  key: string;
  name: string;
}

export interface Site {
  key: string;
  name?: string;
  domain: string;
  timezone: string;
  currency: string;
  hosts?: string[];
  simulated?: boolean;
}
export interface Session {
  csrf?: string;
  email?: string;
  owner?: boolean;
}
export interface User {
  mail: string;
  role: string;
  has_password?: boolean;
}
export interface Token {
  id?: string;
  name: string;
  scopes?: string[];
  created_ms?: number;
}
/** What arrived since the server started. */
export interface Ingestion {
  accepted: number;
  duplicates: number;
  rejected: Record<string, number>;
  bots: Record<string, number>;
}

// --- reports ------------------------------------------------------------------------------------

export interface Days {
  from: string;
  to: string;
}
export type Range = Days | { from_ms: number; to_ms: number };
export interface Question {
  range: Range;
  compare?: 'previous' | 'year' | Days;
  unit?: 'visitor' | 'session' | 'lead';
  filter?: Filter[];
  segment?: string;
  breakdown?: string;
  limit?: number;
}
export interface Answer<R> {
  report: string;
  range: { from?: string; to?: string; from_ms?: number; to_ms?: number };
  watermark_ms: number;
  took_ms: number;
  simulated: boolean;
  result: R;
  /** The same question about the days compared with. */
  compare?: { range: { from: string; to: string }; result: R };
}

export interface GoalResult {
  key: string;
  name: string;
  class: GoalClass;
  hits: number;
  conversions: number;
  converted: Maybe<Rate>;
  value?: Money | Money[] | NotGiven | null;
}
export interface GoalsResult {
  goals: GoalResult[];
  unit?: string;
  units?: number;
}
export interface Point {
  at: string;
  from_ms: number;
  visitors: number;
  sessions: number;
  views: number;
  conversions: number;
}
export interface OverviewResult extends GoalsResult {
  visitors: number;
  sessions: number;
  views: number;
  events: number;
  bounce: Maybe<Rate>;
  engaged_ms_per_session: Maybe<number>;
  conversions: number;
  series: { unit: 'minute' | 'hour' | 'day'; points: Point[] };
}
export interface RealtimeResult {
  visitors_now: number;
}
export interface BreakdownRow {
  value: string | null;
  [metric: string]: number | string | null;
}
export interface BreakdownResult {
  dimension: string;
  rows: BreakdownRow[];
}
export interface WentTo {
  what: string;
  kind: 'page' | 'event' | 'left' | 'came_back' | 'other';
  n: number;
  continued: number;
  lift?: Maybe<Interval>;
}
export interface FixFirst {
  from: number;
  to: number;
  label: string;
  rescued_share: number;
  gain: { value: number; range: [number, number] };
}
export interface FunnelStepResult {
  label: string;
  reached: number;
  from_previous?: Maybe<Rate>;
  from_first?: Maybe<Rate>;
  time_ms?: Maybe<{ p50: number; p75: number; p90: number }>;
  dropped: number;
  went_to?: WentTo[];
  excluded?: number;
  optional?: boolean;
  of_completed?: Maybe<Rate>;
  continued?: number;
  entered_here?: number;
}
export interface FunnelResult {
  unit: 'visitor' | 'session' | 'attempt';
  entered: number;
  steps: FunnelStepResult[];
  fix_first?: FixFirst[];
  groups?: ({ value: string | null } & FunnelResult)[];
}
export interface ValuesResult {
  dimension: string;
  values: { value: string | null; n: number }[];
}
export interface PropertiesResult {
  /** own: sent by the owner's events (props.x, items.x). */
  properties: { property: string; own: boolean }[];
}
export interface Example {
  at_ms: number;
  visitor: string;
  name: string;
  path: string;
  title?: string | null;
  source?: string | null;
  country?: string | null;
  device?: string | null;
  value?: Money;
}
export interface PreviewResult {
  unit: string;
  units: number;
  hits: number;
  conversions: number;
  converted: Maybe<Rate>;
  days: { at: string; from_ms: number; conversions: number }[];
  examples: Example[];
}
