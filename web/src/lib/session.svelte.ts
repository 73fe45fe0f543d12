// Who is signed in, and the sites that person may see.
import { api, ApiError } from './api.ts';
import { formatter, type Formatter } from './format.ts';
import { dayAt } from './range.ts';
import { route } from './router.svelte.ts';
import type { Session, Site } from './types.ts';

class SignedIn {
  state = $state<'unknown' | 'out' | 'in' | 'failed'>('unknown');
  who = $state.raw<Session>({});
  sites = $state.raw<Site[]>([]);
  trouble = $state('');

  site = $derived<Site | undefined>(this.sites.find((s) => s.key === route.at.site));
  zone = $derived(this.site?.timezone ?? 'UTC');
  format = $derived<Formatter>(formatter(undefined, this.zone));

  constructor() {
    api.onSignedOut = () => {
      if (this.state === 'in') this.state = 'out';
    };
  }
  /** Today in the site's time zone. */
  today(): string {
    return dayAt(Date.now(), this.zone);
  }
  async open() {
    // Asking without a cookie would only put a 401 into the browser's console.
    if (!remembered()) {
      this.state = 'out';
      return;
    }
    try {
      this.#take(await api.get<Session>('/session'));
      await this.loadSites();
      this.state = 'in';
    } catch (e) {
      if (e instanceof ApiError && e.status === 401) {
        remember(false);
        this.state = 'out';
      } else {
        this.trouble = e instanceof Error ? e.message : String(e);
        this.state = 'failed';
      }
    }
  }
  async signIn(how: { email: string; password: string } | { link: string }) {
    this.#take(await api.post<Session>('/session', how));
  }
  /** After signing in: loads what the frame needs. */
  async enter() {
    await this.loadSites();
    this.state = 'in';
  }
  async signOut() {
    try {
      await api.delete('/session');
    } finally {
      this.state = 'out';
      remember(false);
      this.who = {};
      this.sites = [];
      api.csrf = '';
    }
  }
  async loadSites() {
    this.sites = (await api.get<{ sites: Site[] }>('/sites')).sites;
  }
  #take(session: Session) {
    this.who = session;
    if (session.csrf) api.csrf = session.csrf;
    remember(true);
  }
}

// The cookie itself is hidden from scripts; this says whether there may be one.
const KEY = 'cairn-signed-in';
function remembered(): boolean {
  try {
    return localStorage.getItem(KEY) === '1';
  } catch {
    return true;
  }
}
function remember(is: boolean) {
  try {
    if (is) localStorage.setItem(KEY, '1');
    else localStorage.removeItem(KEY);
  } catch {
    // Then we ask each time.
  }
}

export const session = new SignedIn();
