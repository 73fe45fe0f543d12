// The screens that exist, in the order in which they are asked for.
import type { Screen } from '../lib/address.ts';
import { words } from '../lib/words.ts';
import type { IconName } from '../ui/Icon.svelte';

export interface Place {
  screen: Screen;
  name: string;
  icon: IconName;
  setUp: boolean;
  /** Whether days, comparison and filters mean anything there. */
  days: boolean;
}

export const places: readonly Place[] = [
  { screen: 'overview', name: words.nav.overview, icon: 'overview', setUp: false, days: true },
  { screen: 'funnels', name: words.nav.funnels, icon: 'funnel', setUp: false, days: true },
  { screen: 'goals', name: words.nav.goals, icon: 'goal', setUp: true, days: true },
  { screen: 'incoming', name: words.nav.incoming, icon: 'incoming', setUp: true, days: false },
  { screen: 'site', name: words.nav.site, icon: 'site', setUp: true, days: false },
  { screen: 'users', name: words.nav.users, icon: 'users', setUp: true, days: false },
];
