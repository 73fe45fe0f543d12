/* cairn.ts: the tracker's core: what every page needs, in at most 3 KB gzipped.
 *
 *   <script defer src="https://stats.example/cairn.js" data-site="shop"></script>
 *   cairn('add_to_cart', { value: 12.5, currency: 'EUR', items: [...], size: 'XL' })
 *   <button data-cairn-event="size_guide" data-cairn-product="7">
 *
 * No cookie unless consent is given; no error reaches the page, whatever the server does. */
import { Engagement, scrollDepth } from './engagement';

type Props = Record<string, unknown>;
type Event = Props & { name: string; url: string; title: string };
interface Cairn {
  (name: string, data?: unknown): void;
  q?: ArrayLike<unknown>[]; // calls made before this script ran
}

const BATCH_MS = 150;
const HEARTBEAT_MS = 15_000;
const MAX_BATCH = 50;
const COOKIE = '_cairn';
const COOKIE_S = 395 * 86_400; // 13 months
const DOWNLOAD = /\.(pdf|zip|7z|rar|gz|docx?|xlsx?|pptx?|csv|txt|epub|mp3|mp4|mov|dmg|exe|apk|msi|pkg|iso)$/i;
const SEARCH_KEYS = ['q', 's', 'search', 'query', 'keyword'];
/* What of cairn(name, data) is the event's own; everything else is a property. */
const FIELDS = ['value', 'currency', 'order_id', 'items', 'id', 'session', 'experiment', 'variant'];

((win: Window & { cairn?: Cairn; dataLayer?: unknown[] }, doc: Document) => {
  const script = doc.currentScript as HTMLScriptElement | null;
  if (!script) return;
  const options = script.dataset;
  const endpoint = options.api || new URL(script.src).origin + '/e';

  let queue: (Event & { t: number })[] = [];
  let timer = 0;
  let page = ''; // the address of the current page view
  let engagement: Engagement;
  let depth = 0;
  let scrolled = false;
  let user: string | undefined;
  let visitor: string | undefined = (doc.cookie.match('(?:^|; )' + COOKIE + '=([^;]+)') || [])[1];

  const now = () => performance.now();

  /* Runs a handler so that nothing it does can disturb the page. */
  const quietly =
    <A extends unknown[]>(f: (...args: A) => void) =>
    (...args: A): void => {
      try {
        f(...args);
      } catch {
        /* the page comes first */
      }
    };
  const on = <E extends globalThis.Event>(target: EventTarget, names: string, f: (e: E) => void): void =>
    names.split(' ').forEach((name) => target.addEventListener(name, quietly(f) as EventListener, { capture: true, passive: true }));

  function flush(): void {
    clearTimeout(timer);
    timer = 0;
    while (queue.length) {
      const events = queue.splice(0, MAX_BATCH).map(({ t, ...event }) => ({
        ...event,
        /* Single-page apps often set the title just after the address. */
        title: event.url === page ? doc.title : event.title,
        age_ms: Math.round(now() - t),
      }));
      const body = JSON.stringify({ site: options.site, events });
      /* A beacon outlives the page; where it is refused (too large, switched off) a request that may. */
      if (!navigator.sendBeacon?.(endpoint, body))
        fetch(endpoint, { method: 'POST', body, keepalive: body.length < 6e4, credentials: 'omit' }).catch(() => {});
    }
  }

  function send(name: string, fields: Props = {}): void {
    queue.push({
      name,
      url: page,
      title: doc.title,
      screen: screen.width + 'x' + screen.height,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      webdriver: navigator.webdriver || undefined,
      visitor,
      user,
      ...fields,
      t: now(),
    });
    if (queue.length >= MAX_BATCH) flush();
    else timer ||= setTimeout(flush, BATCH_MS) as unknown as number;
  }

  /* An event as the owner names it: the known fields go on top, the rest into props. */
  function track(name: string, data: Props = {}): void {
    const fields: Props = {};
    const props: Props = {};
    for (const key in data) {
      if (data[key] == null) continue;
      if (FIELDS.includes(key)) fields[key] = data[key];
      else if (key === 'transaction_id') fields.order_id = String(data[key]);
      else props[key] = data[key];
    }
    send(name, { ...fields, props });
  }

  function heartbeat(): void {
    const engaged_ms = engagement.take(now());
    if (engaged_ms > 0) send('engagement', { engaged_ms, scroll: depth || undefined });
  }

  function pageview(): void {
    const address = location.href;
    const url = 'hash' in options ? address : address.split('#')[0];
    if (url === page) return;
    if (page) heartbeat();
    const referrer = page || doc.referrer;
    page = url;
    depth = 0;
    scrolled = false;
    engagement = new Engagement(now(), !doc.hidden && doc.hasFocus());
    send('pageview', { referrer: referrer || undefined });
    const query = new URLSearchParams(location.search);
    const key = (options.search?.split(',') || SEARCH_KEYS).find((k) => query.get(k));
    if (key) send('search', { props: { term: query.get(key) } });
  }

  function setVisible(): void {
    engagement.setVisible(now(), !doc.hidden && doc.hasFocus());
    if (!doc.hidden) return;
    heartbeat();
    flush();
  }

  function measureScroll(): void {
    if (!scrolled) return;
    const before = depth;
    depth = Math.max(depth, scrollDepth(scrollY, innerHeight, doc.documentElement.scrollHeight));
    if (before < 90 && depth >= 90) send('scroll', { scroll: depth });
  }

  /* data-cairn-event="name" with data-cairn-anything as properties, on the element or a parent. */
  function marked(target: globalThis.EventTarget | null, form: boolean): void {
    const element = (target as Element).closest<HTMLElement>('[data-cairn-event]');
    if (!element || (element.tagName === 'FORM') !== form) return;
    const data: Record<string, string> = {};
    for (const { name, value } of element.attributes)
      if (name.startsWith('data-cairn-')) data[name.slice(11).replace(/-/g, '_')] = value;
    const { event, ...rest } = data;
    track(event, rest);
  }

  function clicked(e: MouseEvent): void {
    if (e.button > 1) return;
    marked(e.target, false);
    const link = (e.target as Element).closest<HTMLAnchorElement>('a[href]');
    if (!link || !/^https?:/.test(link.protocol)) return;
    const url = link.href;
    const extension = link.pathname.match(DOWNLOAD)?.[1];
    if (extension) send('file_download', { props: { extension: extension.toLowerCase(), url } });
    else if (link.host !== location.host) send('outbound_click', { props: { host: link.hostname, url } });
  }

  function randomId(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (b) => (b + 256).toString(16).slice(1)).join('');
  }

  function consent(given: boolean): void {
    const known = given ? visitor || randomId() : '';
    visitor = known || undefined;
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    doc.cookie = `${COOKIE}=${known}; Path=/; SameSite=Lax; Max-Age=${given ? COOKIE_S : 0}${secure}`;
  }

  const api: Cairn = quietly((name: string, data?: unknown) => {
    if (name === 'consent') consent(data === true || data === 'granted');
    else if (name === 'identify') user = data == null ? undefined : String(data);
    else if (name === 'pageview') {
      page = '';
      pageview();
    } else track(name, data as Props);
  });

  /* An existing dataLayer, as Tag Manager (objects with `event`) or gtag (its arguments) fill it. */
  const layered = quietly((entry: unknown) => {
    const gtag = entry as ArrayLike<unknown>;
    const object = entry as Props;
    if (gtag[0] === 'event') track(gtag[1] as string, gtag[2] as Props);
    else if (typeof object.event === 'string' && !object.event.startsWith('gtm.')) {
      const { event, ecommerce, eventCallback, eventTimeout, ...rest } = object;
      delete rest['gtm.uniqueEventId'];
      track(event as string, { ...rest, ...(ecommerce as Props) });
    }
  });

  function start(): void {
    const early = win.cairn?.q || [];
    win.cairn = api;
    pageview();
    for (const call of Array.from(early)) api(call[0] as string, call[1]);
    if (!('nodatalayer' in options)) {
      const layer = (win.dataLayer ||= []);
      layer.forEach(layered);
      const push = layer.push;
      layer.push = function (...entries: unknown[]) {
        entries.forEach(layered);
        return push.apply(layer, entries);
      };
    }
    for (const name of ['pushState', 'replaceState'] as const) {
      const original = history[name];
      history[name] = function (...args) {
        original.apply(this, args);
        quietly(pageview)();
      };
    }
    on(win, 'popstate hashchange', pageview);
    on<PageTransitionEvent>(win, 'pageshow', (e) => {
      if (!e.persisted) return;
      page = '';
      pageview(); // back from the browser's page cache is a view of its own
    });
    on(doc, 'visibilitychange', setVisible);
    on(win, 'focus blur', setVisible);
    on(win, 'pagehide', () => {
      heartbeat();
      flush();
    });
    on(doc, 'pointerdown pointermove keydown scroll wheel touchstart', () => engagement.interact(now()));
    on(doc, 'wheel touchmove keydown pointerdown', () => (scrolled = true));
    on(doc, 'scroll', measureScroll);
    on(doc, 'play playing', () => engagement.setPlaying(now(), true));
    on(doc, 'pause ended', () => engagement.setPlaying(now(), false));
    on(doc, 'click auxclick', clicked);
    on(doc, 'submit', (e) => marked(e.target, true));
    setInterval(quietly(heartbeat), HEARTBEAT_MS);
  }

  /* A page that the browser only prepares is viewed when it is shown, or never. */
  if ((doc as Document & { prerendering?: boolean }).prerendering)
    doc.addEventListener('prerenderingchange', quietly(start), { once: true });
  else quietly(start)();
})(window, document);
