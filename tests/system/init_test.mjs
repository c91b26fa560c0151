// From a topic that nobody described to live twins in three commands and no edit: init, check, serve. Every state must
// equal a fold of the topic that knows nothing of what init proposed.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { start_kafka, unavailable } from '../tools/kafka/kafka.mjs';
import { assert_stops_well, defer, missing, root, run, start_app, temp_dir } from './lib/app.mjs';
import { counts_by_source, wait_until_counted } from './lib/compare.mjs';
import { in_parallel } from './lib/wait.mjs';

const skip = missing('twinlane') || unavailable() || false;
const minute = 60_000;
const began = Date.UTC(2026, 0, 5, 8);

let kafka;
before(async () => { if (!skip) kafka = await start_kafka(); });
after(async () => { await kafka?.stop(); });

/** Flat JSON, keyed by the customer: 3,000 orders of 400 customers, some of which were changed later. */
function orders() {
  const records = [];
  const states = new Map();
  for (let n = 0; n < 3_000; n++) {
    const order = {
      order_id: n % 10 === 9 ? n - 9 : n, customer_id: `c${(n % 10 === 9 ? n - 9 : n) % 400}`, total: (n % 70) + 0.5,
      status: n % 10 === 9 ? 'returned' : 'paid', order_date: new Date(began + n * minute).toISOString(),
    };
    records.push({ t: 'orders', k: order.customer_id, v: JSON.stringify(order), ts: began + n * minute + 1_500 });
    const uri = `/customer/${order.customer_id}`;
    if (!states.has(uri)) states.set(uri, { orders: {} });
    states.get(uri).orders[order.order_id] = order;
  }
  const later = { t: 'orders', k: 'c0', v: JSON.stringify({
    order_id: 9_000, customer_id: 'c0', total: 1, status: 'just now', order_date: new Date(began + 4_000 * minute).toISOString(),
  }) };
  return { topic: 'orders', partitions: 4, records, states, later, later_key: '9000', nobody: '/customer/c400' };
}

/** Nested JSON without keys: a device's readings lie in one partition, in their order. */
function readings() {
  const records = [];
  const states = new Map();
  for (let n = 0; n < 2_400; n++) {
    const d = (n * 7) % 30;
    const reading = {
      device: { id: `d-${d}`, model: `m${d % 3}` }, position: { lat: 52.5 + n / 1e4, lon: 13.4 },
      values: { temperature: (n % 40) - 10.5, battery: n % 101 }, ts: (began + n * minute) / 1_000,
    };
    records.push({ t: 'plant.telemetry.v1', v: JSON.stringify(reading), p: d % 3, ts: began + n * minute + 300 });
    const uri = `/device/d-${d}`;
    if (!states.has(uri)) states.set(uri, { telemetry: {} });
    const log = states.get(uri).telemetry;
    log[Object.keys(log).length + 1] = reading;
  }
  const later = { t: 'plant.telemetry.v1', p: 0, v: JSON.stringify({
    device: { id: 'd-0', model: 'just now' }, ts: (began + 4_000 * minute) / 1_000,
  }) };
  return { topic: 'plant.telemetry.v1', partitions: 3, records, states, later, later_key: '81', nobody: '/device/d-30' };
}

/** CSV with a header line in the topic, quotes and commas within fields. */
function payments() {
  const records = [{ t: 'payments', v: 'payment_id,account,amount,purpose,paid_at', p: 0 }];
  const states = new Map();
  for (let n = 0; n < 1_200; n++) {
    const row = {
      payment_id: `p${n}`, account: `DE${100 + (n % 60)}`, amount: `${n % 90}.25`, purpose: `rent, "flat" ${n}`,
      paid_at: `2026-01-${String(1 + Math.floor(n / 60)).padStart(2, '0')} 08:${String(n % 60).padStart(2, '0')}:00`,
    };
    const line = [row.payment_id, row.account, row.amount, `"${row.purpose.replaceAll('"', '""')}"`, row.paid_at].join(',');
    records.push({ t: 'payments', v: line, p: n % 2 });
    const uri = `/account/${row.account}`;
    if (!states.has(uri)) states.set(uri, { payments: {} });
    states.get(uri).payments[row.payment_id] = row;
  }
  const later = { t: 'payments', p: 0, v: 'p9000,DE100,1.25,just now,2026-02-01 08:00:00' };
  return { topic: 'payments', partitions: 2, records, states, later, later_key: 'p9000', nobody: '/account/account' };
}

/** Runs one of the commands of the transcript, with the broker and port of this test. */
const command = (dir, args) => run('twinlane', args.map((a) => (a === 'localhost:9092' ? kafka.brokers : a)), { cwd: dir });

/** As it is printed where the broker and the server have their usual addresses. */
const usual = (text) => text.replaceAll(kafka.brokers, 'localhost:9092').replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:8080');

async function init_and_check(t, shape) {
  const dir = temp_dir(t, 'init');
  await kafka.create({ [shape.topic]: shape.partitions });
  await kafka.produce(shape.records);
  const init = await command(dir, ['init', '--brokers', 'localhost:9092', '--topic', shape.topic]);
  assert.equal(init.code, 0, init.stderr);
  const check = await command(dir, ['check']);
  assert.equal(check.code, 0, check.stdout + check.stderr);
  return { dir, init, check, yaml: readFileSync(join(dir, 'twinlane.yaml'), 'utf8') };
}

async function assert_states(app, shape) {
  await wait_until_counted(app, shape.applied, 60_000);
  const [counts] = Object.values(await counts_by_source(app));
  assert.deepEqual(counts, { applied: shape.applied, duplicate: 0, dead: 0 });
  assert.deepEqual(app.dead_letters(), []);
  await in_parallel([...shape.states], 8, async ([uri, lanes]) => assert.deepEqual((await app.state(uri))?.lanes, lanes, uri));
  assert.equal(await app.state(shape.nobody), null);
}

/** The README's two blocks: what the commands print, and the file that init writes. */
function assert_transcript({ init, check, yaml }, app) {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const section = text.split('\n## ').find((s) => s.startsWith('From a topic to live twins\n')) ?? '';
  const [transcript, file] = [...section.matchAll(/```\w*\n(.*?)```/gs)].map((m) => m[1]);
  const printed = [
    '$ twinlane init --brokers localhost:9092 --topic orders', init.stdout.trimEnd(),
    '$ twinlane check', check.stdout.trimEnd(),
    '$ twinlane serve', `ready ${app.url}`, '',
  ].join('\n');
  assert.equal(transcript, usual(printed));
  assert.equal(file, usual(yaml));
}

/** The program's start page shows the type, and the generic page of one entity its lane, and a record as it comes. */
async function assert_page_lives(t, app, { states, later, later_key }) {
  const [uri, lanes] = [...states][0];
  const lane = Object.keys(lanes)[0];
  const browser_path = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));
  if (!browser_path) return t.diagnostic('no Chromium');
  const { chromium } = await import('playwright-core');
  const context = await chromium.launchPersistentContext(temp_dir(t, 'profile'), {
    executablePath: browser_path, headless: true,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  });
  defer(t, () => context.close());
  const page = context.pages()[0] ?? await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${app.url}/`);
  await page.waitForSelector(`[data-type="${uri.split('/')[1]}"]`);
  await page.goto(`${app.url}/ui${uri}`);
  await page.waitForSelector('[data-testid=connection][data-state=open]');
  await page.waitForSelector(`[data-lane="${lane}"]`);
  await kafka.produce([later]);
  await page.waitForSelector(`[data-lane="${lane}"] tr[data-key="${later_key}"]`);
  if (process.env.TWINLANE_SHOTS) await page.screenshot({ path: join(process.env.TWINLANE_SHOTS, `init-${lane}.png`) });
}

for (const [name, make] of [['flat JSON', orders], ['nested JSON', readings], ['CSV', payments]]) {
  test(`${name} becomes live twins in three commands and no edit`, { skip }, async (t) => {
    const shape = make();
    shape.applied = shape.records.length - (make === payments ? 1 : 0);
    const made = await init_and_check(t, shape);
    const app = await start_app(t, { cwd: made.dir, data_dir: join(made.dir, 'data') });
    await assert_states(app, shape);
    await assert_page_lives(t, app, shape);
    if (make === orders) await t.test('and the README shows just that', () => assert_transcript(made, app));
    await assert_stops_well(assert, app);
  });
}

test('init never writes over a file unless told to', { skip }, async (t) => {
  const dir = temp_dir(t, 'init');
  writeFileSync(join(dir, 'twinlane.yaml'), 'mine');
  const refused = await command(dir, ['init', '--brokers', 'localhost:9092', '--topic', 'payments']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /twinlane\.yaml is there already\. .*--out FILE.*--force/);
  assert.equal(readFileSync(join(dir, 'twinlane.yaml'), 'utf8'), 'mine');
  await kafka.create({ forced: 1 });
  await kafka.produce([{ t: 'forced', k: '1', v: '{"user_id":1}' }]);
  const forced = await command(dir, ['init', '--brokers', 'localhost:9092', '--topic', 'forced', '--force']);
  assert.equal(forced.code, 0, forced.stderr);
  assert.match(readFileSync(join(dir, 'twinlane.yaml'), 'utf8'), /topic: forced/);
});

test('a topic that is missing, empty or binary is a clear error', { skip }, async (t) => {
  const dir = temp_dir(t, 'init');
  await kafka.create({ customer_events: 1, nothing: 1, avro: 1 });
  await kafka.produce([{ t: 'avro', k: '1', v64: Buffer.from([0, 0, 0, 0, 7, 2, 8]).toString('base64') }]);
  const said = async (topic, brokers = 'localhost:9092') => {
    const end = await command(dir, ['init', '--brokers', brokers, '--topic', topic]);
    assert.equal(end.code, 1, end.stdout);
    assert.equal(existsSync(join(dir, 'twinlane.yaml')), false);
    return end.stderr;
  };
  assert.match(await said('customer_event'), /topic 'customer_event' does not exist on .*\. Did you mean 'customer_events'\?/);
  assert.match(await said('nothing'), /topic 'nothing' holds no records\./);
  assert.match(await said('avro'), /Confluent's wire format .*schema id 7.*JsonConverter/);
  const before_ms = Date.now();
  assert.match(await said('orders', '127.0.0.1:1'), /no broker of 127\.0\.0\.1:1 answers within 10 s/);
  assert.ok(Date.now() - before_ms < 20_000);
});
