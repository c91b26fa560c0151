// Customer 360 by role: what each may see and do, on the page and on the wire; lives; readers that are slow. The server
// is the example with its own policies, fed by HTTP. Screenshots go to TWINLANE_SHOTS.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { assert_stops_well, missing, root } from './lib/app.mjs';
import { connected, no_browser, open_page, sideways } from './lib/browser.mjs';
import { demo_roles, make_customer, policy_of, read, start_example, tell, token_of } from './lib/customer360.mjs';
import { twin_client } from './lib/twin_client.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('customer360') || no_browser;
let app;
let end = () => {};
before(async () => {
  if (!skip) app = await start_example({ after: (f) => { end = f; } });
});
after(() => end());

const bearer = (role) => ({ headers: { authorization: `Bearer ${token_of(role)}` } });

/** Opens a page as a role, from its first byte on; `received` is all that comes to it, but for the pages themselves. */
async function open_as(t, role, path, options) {
  const opened = await open_page(t, app, options);
  const received = [];
  opened.page.on('websocket', (s) => s.on('framereceived', ({ payload }) => received.push(String(payload))));
  opened.page.on('response', (r) => {
    if (!r.url().includes('/ui/')) received.push(r.text().catch(() => ''));
  });
  await opened.page.addInitScript((name) => {
    if (!sessionStorage.length) sessionStorage.setItem('twinlane.customer360.role', name);
  }, role);
  await opened.page.goto(app.url + '/ui' + path);
  await connected(opened.page);
  return { ...opened, text: async () => (await Promise.all(received)).join('\n') };
}

async function become(page, role) {
  await page.selectOption('[data-testid=role]', role);
  await connected(page);
}

test("the page's roles are those of the configuration, and its tokens those of tokens.yaml", () => {
  const tokens = read('tokens.yaml');
  for (const { name, token, read: paths, command, metrics } of demo_roles) {
    assert.deepEqual({ read: paths, command }, policy_of(name, '/customer/:id'), name);
    const hash = createHash('sha256').update(token).digest('hex');
    assert.match(tokens, new RegExp(`hash: "sha256:${hash}", roles: \\[${name}\\]`));
    assert.equal(metrics, new RegExp(`role: ${name}, api: .*metrics`).test(read('roles.yaml')));
    assert.ok(read('README.md').includes(token), `README.md tells ${token}`);
  }
});

test('a page that nobody has opened before finds out that the server asks, and is the operator', { skip }, async (t) => {
  await make_customer(app, 1, 'Ada First');
  const { page, seen } = await open_page(t, app);
  await page.goto(app.url + '/ui/customer/1');
  await page.waitForSelector('h1 >> text=Ada First');
  assert.equal(await page.inputValue('[data-testid=role]'), 'operator');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('no byte that marketing may not see comes to its page, whatever happens to the customer', { skip }, async (t) => {
  const secrets = await make_customer(app, 2, 'Berta Seen');
  const { page, seen, shot, text } = await open_as(t, 'marketing', '/customer/2');
  await page.waitForSelector('h1 >> text=Berta Seen');
  await page.waitForSelector('.customer-head .tier >> text=Silver');
  await page.waitForSelector('[data-lane=wishlist] >> text=Storm Umbrella');
  for (const lane of ['orders', 'calls', 'third_party', 'next_best_offer', 'status'])
    await page.waitForSelector(`[data-hidden-lane=${lane}] >> text=Not visible for this role`);
  for (const field of ['email', 'phone', 'birthdate', 'address'])
    await page.waitForSelector(`[data-lane=profile] [data-field=${field}] >> text=Not visible for this role`);
  await shot('marketing-1280-light');

  const at = new Date().toISOString();
  for (let k = 0; k < 20; ++k) {
    await tell(app, 'third_party_demographics', { customer_id: 2, age: 65 + k, income: secrets.income });
    await tell(app, 'calls', { id: k, customer_id: 2, started_at: at, duration_s: k, agent_note: secrets.note });
  }
  await tell(app, 'customer_details', { id: 2, name: 'Berta Renamed', email: `new-${secrets.email}`,
    phone: secrets.phone, birthdate: '1961-07-20', address: `${secrets.address} 2`, marketing_opt_in: true });
  await page.waitForSelector('h1 >> text=Berta Renamed');
  await page.goto(app.url + '/ui/');
  await page.waitForSelector('[data-entity="/customer/2"] >> text=Berta Renamed');
  await page.waitForSelector('[data-entity="/customer/2"] .cell-risk .hidden-mark');

  const wire = await text();
  assert.ok(wire.includes('Berta Renamed'), 'the wire was listened to');
  for (const word of [...Object.values(secrets), '1961-07-20', 'birthdate', 'income', 'address', 'email', 'agent_note'])
    assert.ok(!wire.includes(String(word)), `marketing received '${word}'`);
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('another role is another page: what the one before has seen is gone', { skip }, async (t) => {
  const { email } = await make_customer(app, 3, 'Carl Switched');
  const { page, seen, shot } = await open_as(t, 'operator', '/customer/3');
  const shows = async () => (await page.locator('body').innerText()).replace(/\s/g, '').includes(email);
  await until('the e-mail address', shows);
  await shot('operator-1280-light');
  await become(page, 'marketing');
  await page.waitForSelector('[data-hidden-lane=orders]');
  await page.waitForSelector('h1 >> text=Carl Switched');
  assert.equal(await shows(), false);
  await page.reload();
  await page.waitForSelector('[data-hidden-lane=orders]');
  await become(page, 'agent_desk');
  await until('the e-mail address again', shows);
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('a command is applied and everybody sees it; a role that may not send one is refused', { skip }, async (t) => {
  await make_customer(app, 4, 'Dora Served');
  const client = await twin_client.connect(app.ws_url, bearer('operator'));
  const sub = await client.subscribe('/customer/4', { lanes: ['vouchers', 'loyalty'] });
  const { page, shot } = await open_as(t, 'agent_desk', '/customer/4');
  await page.waitForSelector('[data-lane=vouchers]');
  await page.click('[data-command=issue_voucher]');
  await page.waitForSelector('[data-testid=answer-issue_voucher][data-kind=ok]');
  await until('the voucher at another subscriber', () => Object.keys(sub.lanes.vouchers).length === 1);

  await page.waitForSelector('[data-command=set_tier]:disabled');
  await page.evaluate(() => document.querySelector('[data-command=set_tier]').removeAttribute('disabled'));
  await page.selectOption('[name=tier]', 'platinum');
  await page.click('[data-command=set_tier]');
  const refusal = page.locator('[data-testid=answer-set_tier][data-kind=failed]');
  await refusal.waitFor();
  assert.match(await refusal.innerText(), /set_tier.*forbidden/s);
  await shot('refused-1280-light');
  assert.equal(sub.lanes.loyalty.tier, 'silver');

  await become(page, 'marketing');
  for (const lane of ['issue_voucher', 'set_tier', 'add_note'])
    await page.waitForSelector(`[data-command=${lane}]:disabled`);
  await become(page, 'operator');
  await page.selectOption('[name=tier]', 'gold');
  await page.click('[data-command=set_tier]');
  await page.waitForSelector('[data-testid=answer-set_tier][data-kind=ok]');
  await until('the tier at another subscriber', () => sub.lanes.loyalty.tier === 'gold');
  assert.deepEqual(client.breaches, []);
  await client.close();
});

test('REST and WebSocket refuse a role the same: 403 and forbidden, 401 without a token', { skip }, async (t) => {
  await make_customer(app, 5, 'Emil Refused');
  const post = (token, lane, value) =>
    app.request('POST', `/customer/5/${lane}`, { token, body: JSON.stringify(value) });
  assert.equal((await post(token_of('agent_desk'), 'set_tier', { tier: 'gold' })).status, 403);
  assert.equal((await post(token_of('marketing'), 'add_note', { text: 'no' })).status, 403);
  assert.equal((await post('', 'add_note', { text: 'no' })).status, 401);
  assert.equal((await post('another', 'add_note', { text: 'no' })).status, 401);
  assert.equal((await post(token_of('agent_desk'), 'add_note', { text: 'yes' })).status, 200);
  assert.equal((await app.request('DELETE', '/customer/5', { token: token_of('agent_desk') })).status, 403);
  for (const path of ['/customer/5/orders', '/customer/5/third_party', '/metrics', '/api/sources'])
    assert.equal((await app.get(path, { token: token_of('marketing') })).status, 403, path);
  const client = await twin_client.connect(app.ws_url, bearer('marketing'));
  const answer = await client.command('/customer/5', 'add_note', { text: 'no' });
  assert.deepEqual([answer.op, answer.code], ['err', 'forbidden']);
  await client.close();
  assert.deepEqual(Object.values((await app.state('/customer/5')).lanes.notes).map((n) => n.text), ['yes']);
});

test('the life of a customer shows on its page, newest first, with times and causes', { skip }, async (t) => {
  await make_customer(app, 6, 'Fritz Living');
  const { page, seen, shot } = await open_as(t, 'operator', '/customer/6');
  await page.waitForSelector('h1 >> text=Fritz Living');
  const lives = () => page.locator('[data-life]').evaluateAll((items) => items.map((i) => i.dataset.life));
  const comes = (event) => until(event, async () => (await lives())[0] === event);
  await comes('passivated');
  await page.waitForSelector('[data-life=passivated] >> text=idle');
  await tell(app, 'weather_events', { id: 1, customer_id: 6, event_type: 'w', event_date: new Date().toISOString(),
    temperature: 9.5, weather_condition: 'fog' });
  await comes('activated');
  await page.waitForSelector('[data-lane=weather] >> text=Fog');
  assert.equal((await app.request('DELETE', '/customer/6')).status, 204);
  await comes('deleted');
  await page.waitForSelector('[data-life=deleted] >> text=request');
  await page.waitForSelector('[data-testid=missing]');
  await make_customer(app, 6, 'Fritz Reborn');
  await comes('started');
  await page.waitForSelector('h1 >> text=Fritz Reborn');
  assert.deepEqual((await lives()).slice(0, 4), ['started', 'deleted', 'activated', 'passivated']);
  assert.match(await page.locator('[data-life=deleted]').innerText(), /\d\d:\d\d:\d\d/);
  await shot('life-1280-light');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('a slow reader takes few diffs for many revs and ends with the same state', { skip }, async (t) => {
  await make_customer(app, 7, 'Greta Busy');
  const { page, seen, shot } = await open_as(t, 'operator', '/customer/7');
  await page.waitForSelector('h1 >> text=Greta Busy');
  await page.click('[data-testid=slow-toggle]');
  await page.waitForSelector('[data-testid=slow-compared][data-equal=true]');
  const figure = async (name) => parseInt((await page.textContent(`[data-testid=${name}]`)).replaceAll(',', ''), 10);
  for (let k = 0; k < 60; ++k)
    await tell(app, 'weather_events', { id: k, customer_id: 7, event_type: 'w', event_date: new Date().toISOString(),
      temperature: k + 0.5, weather_condition: 'rain' });
  await until('the slow reader to have it all', async () => (await figure('slow-revs')) >= 60);
  await page.waitForSelector('[data-testid=slow-compared][data-equal=true]');
  const [diffs, revs, live] = [await figure('slow-diffs'), await figure('slow-revs'), await figure('live-diffs')];
  t.diagnostic(`${diffs} diffs for ${revs} revs, ${live} diffs to the live view`);
  assert.ok(diffs < revs / 2, `${diffs} diffs for ${revs} revs`);
  assert.ok(live >= diffs);
  await until('the same rev in the badge', async () =>
    (await page.textContent('[data-testid=slow-compared]')).includes(String((await app.state('/customer/7')).rev)));
  await shot('slow-1280-light');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('slow_client.mjs stalls a connection and ends with the same state', { skip }, async (t) => {
  await make_customer(app, 8, 'Hugo Stalled');
  const script = join(root, 'examples/customer360/slow_client.mjs');
  const args = [script, '--url', app.url, '--uri', '/customer/8', '--stall', '5'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  t.diagnostic(stdout.trim());
  assert.match(stdout, /both show the same state/);
  const diffs = (who) => Number(new RegExp(`^${who} .*?(\\d+) diffs`, 'm').exec(stdout)[1]);
  const [slow, live] = [diffs('slow'), diffs('live')];
  assert.ok(live > 0 && slow < live, `${slow} diffs to the slow reader, ${live} to the other`);
});

for (const dark of [false, true]) {
  const scheme = dark ? 'dark' : 'light';
  test(`400 pixels wide, what a role may not see has room (${scheme})`, { skip }, async (t) => {
    await make_customer(app, 9, 'Ida Narrow');
    const { page, shot } = await open_as(t, 'marketing', '/customer/9', { width: 400, height: 860, dark });
    await page.waitForSelector('[data-hidden-lane=orders]');
    await page.waitForSelector('h1 >> text=Ida Narrow');
    assert.ok(await sideways(page) <= 0, 'the customer scrolls sideways');
    await shot(`marketing-400-${scheme}`);
    await page.goto(app.url + '/ui/');
    await page.waitForSelector('[data-entity="/customer/9"]');
    assert.ok(await sideways(page) <= 0, 'the list scrolls sideways');
    await page.getByRole('combobox', { name: 'Role' }).waitFor();
  });
}

test('the example stops well', { skip }, () => assert_stops_well(assert, app));
