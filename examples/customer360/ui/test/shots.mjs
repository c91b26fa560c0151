// Takes pictures of the pages: list and customer, 1280 and 400 wide, light and dark.
//   node test/shots.mjs [--url http://127.0.0.1:8080] [--out shots] [--customer 42] [--wait 8]
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from '../../../../web/tools/chromium.mjs';
import { startMock } from '../dev/mock.mjs';

const option = (name, fallback) => {
  const i = process.argv.indexOf(`--${name}`);
  return i < 0 ? fallback : process.argv[i + 1];
};

const out = option('out', 'shots');
const customer = option('customer', '42');
const mock = option('url') ? undefined : await startMock({ rate: 60 });
const url = option('url') ?? mock.url;
await mkdir(out, { recursive: true });
const browser = await launch();
try {
  for (const scheme of ['light', 'dark']) {
    for (const width of [1280, 400]) {
      const context = await browser.newContext({
        viewport: { width, height: width === 400 ? 860 : 800 },
        colorScheme: scheme,
        deviceScaleFactor: 1,
      });
      const pages = { list: '/ui/', customer: `/ui/customer/${customer}` };
      for (const [name, path] of Object.entries(pages)) {
        const page = await context.newPage();
        page.on('pageerror', (error) => console.error(`${name}: ${error.stack}`));
        page.on('console', (message) => {
          if (message.type() === 'error') console.error(`${name}: ${message.text()}`);
        });
        await page.goto(url + path);
        await page.waitForSelector('[data-testid=connection][data-state=open]');
        await new Promise((resolve) => setTimeout(resolve, Number(option('wait', 8)) * 1000));
        await page.screenshot({ path: join(out, `${name}-${width}-${scheme}.png`) });
        await page.screenshot({
          path: join(out, `${name}-${width}-${scheme}-full.png`),
          fullPage: name === 'customer',
        });
        await page.close();
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await mock?.close();
}
