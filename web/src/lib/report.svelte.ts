// A question to the server whose answer is on the screen.
//
// Nothing jumps: the old answer stays until the new one is there, and is only called stale after
// 100 ms of waiting; an answer known from before (Back) is shown at once and asked for again.
import { api, ApiError } from './api.ts';
import { live } from './live.svelte.ts';
import { untilNow } from './range.ts';
import { session } from './session.svelte.ts';

const SLOW_MS = 100;
const KEPT = 60;
const known = new Map<string, unknown>();

function remember(key: string, answer: unknown) {
  known.delete(key);
  known.set(key, answer);
  if (known.size > KEPT) known.delete(known.keys().next().value!);
}
/** Answers about things that were just changed are no longer true. */
export function forgetAnswers() {
  known.clear();
}

/** Whether any answer on the screen was about made-up visitors; the frame says so. */
export const seen = $state({ simulated: false });

export interface Asked {
  /** Names the question: same key, same answer. */
  key: string;
  ask: (signal: AbortSignal) => Promise<unknown>;
  /** Ask again when new events arrive. */
  live?: boolean;
  /** Wait this long for the question to settle (typing). */
  settle_ms?: number;
}

export class Asking<T> {
  answer = $state.raw<T | undefined>();
  error = $state.raw<ApiError | undefined>();
  /** The answer shown belongs to an earlier question. */
  stale = $state(false);
  /** Nothing to show yet, and it takes noticeably long. */
  waiting = $state(false);
  #again = $state(0);

  constructor(question: () => Asked | null) {
    let last = '';
    $effect(() => {
      const asked = question();
      void this.#again;
      if (asked?.live) void live.changed;
      if (!asked) {
        this.answer = undefined;
        last = '';
        return;
      }
      const repeated = asked.key === last;
      last = asked.key;
      const before = known.get(asked.key) as T | undefined;
      if (before !== undefined) this.answer = before;
      const stop = new AbortController();
      const slow = setTimeout(() => {
        if (repeated || before !== undefined) return;
        this.stale = true;
        this.waiting = true;
      }, SLOW_MS + (asked.settle_ms ?? 0));
      const settle = setTimeout(() => void this.#run(asked, stop.signal, slow), repeated ? 0 : (asked.settle_ms ?? 0));
      return () => {
        clearTimeout(settle);
        clearTimeout(slow);
        stop.abort();
      };
    });
  }
  async #run(asked: Asked, signal: AbortSignal, slow: ReturnType<typeof setTimeout>) {
    try {
      const answer = (await asked.ask(signal)) as T;
      if (signal.aborted) return;
      remember(asked.key, answer);
      if ((answer as { simulated?: boolean } | undefined)?.simulated) seen.simulated = true;
      this.answer = answer;
      this.error = undefined;
    } catch (e) {
      if (signal.aborted) return;
      this.error = e instanceof ApiError ? e : new ApiError(0, 'unexpected', String(e));
    } finally {
      if (!signal.aborted) {
        clearTimeout(slow);
        this.stale = false;
        this.waiting = false;
      }
    }
  }
  again() {
    this.#again++;
  }
  /** Shows what a change made of the answer, and asks whether the server sees it so. */
  put(answer: T) {
    this.answer = answer;
    this.#again++;
  }
}

/** A report of a site; `question` is read in an effect, so changes to what it reads ask anew. */
export function report<R>(
  question: () => { site: string; name: string; body: object; live?: boolean; settle_ms?: number } | null,
) {
  return new Asking<import('./types.ts').Answer<R>>(() => {
    const q = question();
    if (!q) return null;
    const body = JSON.stringify(q.body);
    return {
      key: `${q.site} ${q.name} ${body}`,
      ask: (signal) => api.report<R>(q.site, q.name, untilNow(JSON.parse(body) as object, session.zone, Date.now()), signal),
      live: q.live ?? false,
      settle_ms: q.settle_ms ?? 0,
    };
  });
}
/** Any other GET. */
export function resource<T>(path: () => string | null, again?: () => unknown) {
  return new Asking<T>(() => {
    const p = path();
    again?.();
    return p === null ? null : { key: p, ask: (signal) => api.get<T>(p, signal) };
  });
}
