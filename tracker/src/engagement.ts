/* engagement.ts: engaged time and scroll depth of one page view (METHODS 11).
 *
 * Engaged is the union of [t, t + 5 s] over the interactions, clipped to the spans in which the page
 * is visible and has the focus; playing media counts as interacting.  Pure: the caller reads the
 * clock.  Increments are additive, so a lost one loses only itself. */

const WINDOW_MS = 5000;

export class Engagement {
  private from = 0; // engaged since, when `until` lies after it
  private until = 0;
  private total = 0; // engaged and not yet taken
  private visible: boolean;
  private playing = false;

  constructor(now: number, visible: boolean) {
    this.visible = visible;
    if (visible) this.interact(now);
  }

  /* Adds what has passed of the current span. */
  private settle(now: number): void {
    const end = this.playing ? now : Math.min(now, this.until);
    if (end > this.from) this.total += end - this.from;
    this.from = Math.max(this.from, now);
  }

  interact(now: number): void {
    if (!this.visible) return;
    this.settle(now);
    this.until = now + WINDOW_MS;
  }

  setVisible(now: number, visible: boolean): void {
    if (visible === this.visible) return;
    this.settle(now);
    this.visible = visible;
    this.until = now;
    if (visible) this.interact(now);
    else this.playing = false;
  }

  setPlaying(now: number, playing: boolean): void {
    this.settle(now);
    this.playing = playing && this.visible;
  }

  /* The engaged milliseconds since the last call. */
  take(now: number): number {
    this.settle(now);
    const taken = Math.round(this.total);
    this.total = 0;
    return taken;
  }
}

/* The depth in percent, in steps of ten, or 0 for a page too short to scroll (under 1.2 viewports). */
export function scrollDepth(scrollY: number, viewport: number, height: number): number {
  if (height < 1.2 * viewport) return 0;
  return Math.min(100, Math.floor((10 * (scrollY + viewport)) / height) * 10);
}
