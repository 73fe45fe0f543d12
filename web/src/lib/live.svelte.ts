// The site's live stream: how many visitors are there now, and that something new has arrived.
import { sitePath } from './api.ts';

/** Reports are asked again at most this often, however much arrives. */
const EVERY_MS = 2000;

class Live {
  /** Visitors of the last five minutes; null while not known. */
  now = $state<number | null>(null);
  /** Grows when new events have arrived. */
  changed = $state(0);
  connected = $state(false);
  #source: EventSource | undefined;
  #due: ReturnType<typeof setTimeout> | undefined;
  #last = 0;

  /** Listens to a site; gives the way to stop. */
  listen(site: string): () => void {
    this.now = null;
    const source = new EventSource(`/api/v1${sitePath(site, 'live')}`);
    this.#source = source;
    source.onopen = () => (this.connected = true);
    source.onerror = () => (this.connected = false);
    const read = (message: MessageEvent<string>) => this.#read(message.data);
    for (const name of ['message', 'now', 'step', 'steps', 'events', 'tick']) {
      source.addEventListener(name, read);
    }
    return () => {
      source.close();
      if (this.#source === source) this.#source = undefined;
      clearTimeout(this.#due);
      this.#due = undefined;
      this.connected = false;
    };
  }
  #read(text: string) {
    try {
      const data = JSON.parse(text) as { now?: number; visitors?: number };
      const now = data.now ?? data.visitors;
      if (typeof now === 'number') this.now = now;
    } catch {
      // A comment or a form of a newer server: it still says that something happened.
    }
    this.#poke();
  }
  #poke() {
    if (this.#due !== undefined) return;
    const wait = Math.max(0, this.#last + EVERY_MS - Date.now());
    this.#due = setTimeout(() => {
      this.#due = undefined;
      this.#last = Date.now();
      if (!document.hidden) this.changed++;
    }, wait);
  }
}

export const live = new Live();
