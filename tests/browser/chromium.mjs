// Debian's Chromium under playwright-core, with nothing that reaches for the network by itself.
import { chromium } from 'playwright-core';

/* A browser as people have it: without "Headless" in its name, which the bot rules would catch.  Given
 * to the whole browser: an override for one page is not in force for what it sends while it is left. */
export const VISITOR_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      `--user-agent=${VISITOR_AGENT}`,
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A visitor's browser does not announce that it is driven by a program.
      '--disable-blink-features=AutomationControlled',
    ],
  });
}
