// Pages of a running server in a real browser. Screenshots go to TWINLANE_SHOTS.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { defer, temp_dir } from './app.mjs';

const browser_path = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));

export const no_browser = browser_path ? false : 'no Chromium';
const shots = process.env.TWINLANE_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

/** A page in a fresh browser; what it logs as errors and whom it asks beyond the server are kept. */
export async function open_page(t, app, { width = 1280, height = 900, dark = false } = {}) {
  const context = await chromium.launchPersistentContext(temp_dir(t, 'profile'), {
    executablePath: browser_path, args: flags, headless: true, viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  });
  defer(t, () => context.close());
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(15_000);
  const seen = { errors: [], elsewhere: [] };
  page.on('console', (m) => { if (m.type() === 'error') seen.errors.push(m.text()); });
  page.on('pageerror', (e) => seen.errors.push(e.message));
  page.on('request', (r) => { if (!r.url().startsWith(app.url) && !r.url().startsWith('data:')) seen.elsewhere.push(r.url()); });
  return { page, seen, shot: (name) => (shots ? page.screenshot({ path: join(shots, `${name}.png`) }) : null) };
}

export const connected = (page) => page.waitForSelector('[data-testid=connection][data-state=open]');
export const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
