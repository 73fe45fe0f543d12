// The site's live stream: that new events are in the answers, and how many visitors are there now.
import { api, sitePath } from './api.ts';
import type { RealtimeResult } from './types.ts';

/** Reports are asked again at most this often, however much arrives. */
const EVERY_MS = 2000;
/** Visitors leave without a word, so their number is asked for also when nothing arrives. */
const NOW_MS = 30_000;

class Live {
  /** Visitors of the last five minutes; null while not known. */
  now = $state<number | null>(null);
  /** Grows when new events have arrived. */
  changed = $state(0);
  connected = $state(false);

  /** Listens to a site; gives the way to stop. */
  listen(site: string): () => void {
    let due: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    let events = -1;
    let stopped = false;
    this.now = null;

    const askNow = async () => {
      if (document.hidden) return;
      try {
        const answer = await api.report<RealtimeResult>(site, 'realtime', {});
        if (!stopped) this.now = answer.result.visitors_now;
      } catch {
        // The number stays as it was; the dot shows whether the stream stands.
      }
    };
    const changed = () => {
      if (due !== undefined) return;
      due = setTimeout(() => {
        due = undefined;
        last = Date.now();
        if (document.hidden) return;
        this.changed++;
        void askNow();
      }, Math.max(0, last + EVERY_MS - Date.now()));
    };

    const source = new EventSource(`/api/v1${sitePath(site, 'live')}`);
    source.onopen = () => (this.connected = true);
    source.onerror = () => (this.connected = false);
    source.addEventListener('events', (message: MessageEvent<string>) => {
      const { events: n } = JSON.parse(message.data) as { events: number };
      // The first message tells where we are; what is on the screen is that new already.
      if (events >= 0 && n !== events) changed();
      events = n;
    });
    const clock = setInterval(() => void askNow(), NOW_MS);
    void askNow();
    return () => {
      stopped = true;
      source.close();
      clearInterval(clock);
      clearTimeout(due);
      this.connected = false;
    };
  }
}

export const live = new Live();
