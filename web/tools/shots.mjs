import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './chromium.mjs';

const option = (name, fallback) => {
  const i = process.argv.indexOf(`--${name}`);
  return i < 0 ? fallback : process.argv[i + 1];
};

/**
 * Takes pictures of pages, 1280 and 400 wide, light and dark: of a mock, or of the server that --url names, into --out,
 * after --wait seconds. `paths` gives each picture's name its address.
 */
export async function takeShots(startMock, paths) {
  const out = option('out', 'shots');
  const mock = option('url') ? undefined : await startMock();
  const url = option('url') ?? mock.url;
  await mkdir(out, { recursive: true });
  const browser = await launch();
  try {
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1280, 400]) {
        const viewport = { width, height: width === 400 ? 860 : 800 };
        const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: 1 });
        for (const [name, path] of Object.entries(paths)) {
          const page = await context.newPage();
          page.on('pageerror', (error) => console.error(`${name}: ${error.stack}`));
          page.on('console', (message) => {
            if (message.type() === 'error') console.error(`${name}: ${message.text()}`);
          });
          await page.goto(url + path);
          await page.waitForSelector('[data-testid=connection][data-state=open]');
          await new Promise((resolve) => setTimeout(resolve, Number(option('wait', 6)) * 1000));
          await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`) });
          await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}-full.png`), fullPage: true });
          await page.close();
        }
        await context.close();
      }
    }
  } finally {
    await browser.close();
    await mock?.close();
  }
}
