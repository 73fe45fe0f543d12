// The question every report starts from: the days, comparison and filters in the address.
import { comparedDays, daysBetween, readComparison, readRange } from './range.ts';
import { route } from './router.svelte.ts';
import { session } from './session.svelte.ts';
import type { Question } from './types.ts';
import { words } from './words.ts';

export class Asked {
  today = $derived(session.today());
  days = $derived(readRange(route.at.query.range, this.today));
  compare = $derived(readComparison(route.at.query.compare));
  before = $derived(comparedDays(this.days, this.compare));
  /** Whether new events can change the answer. */
  live = $derived(this.days.to >= this.today);
  body = $derived<Question>({
    range: { from: this.days.from, to: this.days.to },
    ...(this.before ? { compare: this.before } : {}),
    ...(route.at.filters.length > 0 ? { filter: route.at.filters } : {}),
  });
  /** "the four weeks before" */
  beforeWords = $derived(
    this.compare === 'year'
      ? words.range.yearBefore
      : words.range.before(daysBetween(this.days.from, this.days.to) + 1),
  );
  daysWords = $derived(session.format.days(this.days.from, this.days.to));
}
export const asked = new Asked();
