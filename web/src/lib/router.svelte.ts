// The address as state.  Screens read `route.at` and change it with go(); nothing else is kept.
import { lastingQuery, readAddress, writeAddress, type Address, type Screen } from './address.ts';

class Route {
  at = $state.raw<Address>(readAddress(new URL(location.href)));

  constructor() {
    addEventListener('popstate', () => this.#read());
  }
  #read() {
    this.at = readAddress(new URL(location.href));
  }
  go(href: string, how: 'push' | 'replace' = 'push') {
    const target = new URL(href, location.href);
    if (target.href === location.href) return;
    const elsewhere = target.pathname !== location.pathname;
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', target);
    this.#read();
    if (elsewhere && how === 'push') scrollTo(0, 0);
  }
  /** The address of a screen with the days and filters that are set now. */
  to(screen: Screen, item = '', query: Record<string, string> = {}, site = this.at.site): string {
    const same = site === this.at.site;
    return writeAddress({
      site, screen, item,
      query: { ...lastingQuery(this.at.query), ...query },
      filters: same ? this.at.filters : [],
    });
  }
  /** This address with some parameters changed; an empty one is left out. */
  with(changes: Record<string, string>, filters = this.at.filters): string {
    return writeAddress({ ...this.at, query: { ...this.at.query, ...changes }, filters });
  }
  set(changes: Record<string, string>, how: 'push' | 'replace' = 'push') {
    this.go(this.with(changes), how);
  }
}

export const route = new Route();

/** Follows plain clicks on our own links without loading the page anew. */
export function followLinks(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.('a[href]');
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !/^\/(s\/|sign-in|$)/.test(url.pathname)) return;
  if (url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  route.go(url.href);
}
