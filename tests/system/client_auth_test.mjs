// The published client against a server that asks who one is: what each role sees, renewal before the end, refusals.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assert_stops_well, hosting, missing, start_app, temp_dir } from './lib/app.mjs';
import { connect, state_when } from './lib/client.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('bank_app');
const secret = randomBytes(32);
const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function token({ roles, seconds = 60, aud = 'twinlane', key = secret, n = 0 }) {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const head = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: 'ann', aud, exp, roles, n })}`;
  return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
}

const config = `store: { kind: memory }
hosting: ${hosting}
sources:
  - name: payments
    http: {}
    entity: "/account/{account}"
    lane: payments
    key: "{id}"
auth:
  jwt: { keys: jwks.json, audience: twinlane }
policies:
  - { role: teller, on: /account/:id, read: ["*"], command: [pay_in] }
  - { role: auditor, on: /account/:id, read: [balance.count] }
  - { role: loader, api: [ingest] }
`;

async function start(t) {
  const dir = temp_dir(t, 'auth');
  writeFileSync(join(dir, 'jwks.json'), JSON.stringify({ keys: [{ kty: 'oct', k: secret.toString('base64url') }] }));
  const app = await start_app(t, { name: 'bank_app', config, cwd: dir });
  let event = 0;
  const pay = async (account, amount) => {
    const body = JSON.stringify({ id: 'p', event: ++event, account, amount });
    const headers = { authorization: `Bearer ${token({ roles: ['loader'] })}` };
    assert.equal((await app.request('POST', '/api/ingest/payments', { body, headers })).status, 200);
  };
  return { app, pay };
}

for (const tokenIn of ['message', 'subprotocol']) {
  test(`each role sees and does what it may, with the token in the ${tokenIn} (${hosting})`, { skip }, async (t) => {
    const { app, pay } = await start(t);
    await pay(1, 7);
    const teller = connect(t, app.ws_url, { token: token({ roles: ['teller'] }), tokenIn });
    const auditor = connect(t, app.ws_url, { token: token({ roles: ['auditor'] }), tokenIn });
    const [whole, part] = [teller, auditor].map((client) => client.follow('/account/1'));
    const all = await state_when(whole, 'the account', (s) => s.exists);
    assert.equal(all.lanes.payments.p.amount, 7);
    const count = (n) => state_when(part, `count ${n}`, (s) => s.lanes.balance?.count === n);
    assert.deepEqual((await count(1)).lanes, { balance: { count: 1 } });
    await pay(1, 8);
    assert.deepEqual((await count(2)).lanes, { balance: { count: 2 } });
    assert.notEqual(whole.get().lineage, part.get().lineage, 'nobody resumes across rights');
    assert.deepEqual((await teller.command('/account/1', 'pay_in', { amount: 1 })).result, { count: 1, amount: 1 });
    await assert.rejects(auditor.command('/account/1', 'pay_in', { amount: 1 }), { code: 'forbidden' });
    await assert_stops_well(assert, app);
  });
}

test(`a token is renewed on the open connection before it ends (${hosting})`, { skip }, async (t) => {
  const { app, pay } = await start(t);
  await pay(2, 1);
  const reasons = [];
  const ask = (reason) => token({ roles: ['teller'], seconds: reasons.push(reason) === 1 ? 3 : 60, n: reasons.length });
  const client = connect(t, app.ws_url, { token: ask });
  const account = client.follow('/account/2');
  await state_when(account, 'the account', (s) => s.exists);
  const ends = Date.now() + 4_000;
  await until('the end of the first token', () => Date.now() > ends, { every_ms: 200 });
  await pay(2, 9);
  await state_when(account, 'the change', (s) => s.status === 'live' && s.lanes.payments.p.amount === 9);
  assert.deepEqual(reasons, ['connect', 'renew']);
  assert.equal(client.counts.connections, 1);
  await assert_stops_well(assert, app);
});

test(`other rights after a renewal show other parts of the same entity (${hosting})`, { skip }, async (t) => {
  const { app, pay } = await start(t);
  await pay(3, 1);
  let roles = ['teller'];
  const client = connect(t, app.ws_url, { token: () => token({ roles, seconds: 4 }) });
  const account = client.follow('/account/3');
  await state_when(account, 'the account', (s) => s.lanes.payments !== undefined);
  roles = ['auditor'];
  const { lanes } = await state_when(account, 'less of it', (s) => s.status === 'live' && s.lanes.payments === undefined);
  assert.deepEqual(lanes, { balance: { count: 1 } });
  await assert_stops_well(assert, app);
});

test(`a refused token is asked for anew; without another one the client gives up (${hosting})`, { skip }, async (t) => {
  const { app, pay } = await start(t);
  await pay(4, 1);
  const bad = [token({ roles: ['teller'], key: randomBytes(32) }), token({ roles: ['teller'], seconds: -5 }),
    token({ roles: ['teller'], aud: 'elsewhere' }), 'no token'];
  for (const wrong of bad) {
    const reasons = [];
    const ask = (reason) => (reasons.push(reason) === 1 ? wrong : token({ roles: ['teller'] }));
    const client = connect(t, app.ws_url, { token: ask });
    await state_when(client.follow('/account/4'), 'the account', (s) => s.exists);
    assert.deepEqual(reasons, ['connect', 'refused']);
    for (const tokenIn of ['message', 'subprotocol']) {
      const fixed = connect(t, app.ws_url, { token: wrong, tokenIn });
      const refused = fixed.follow('/account/4');
      await until('the end of all attempts', () => fixed.status.state === 'closed');
      assert.deepEqual([refused.get().status, refused.get().exists], ['connecting', false]);
    }
  }
  await assert_stops_well(assert, app);
});
