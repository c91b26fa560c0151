// The examples of web/client/README.md, run as they stand there.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { assert_stops_well, missing, root, start_app } from './lib/app.mjs';
import { until } from './lib/wait.mjs';

// snippet: node
import WebSocket from 'ws'; // Node before 22 has no WebSocket of its own
import { connect, TwinlaneError } from '@twinlane/client';

const open = (urls, options) => connect(urls, { WebSocket, ...options });
// end

const skip = missing('customer360');
let app, client, url;
let end = () => {};
before(async () => {
  if (skip) return;
  const config = join(root, 'examples/customer360/customer360.yaml');
  app = await start_app({ after: (f) => { end = f; } }, { name: 'customer360', config, deadline_ms: 60_000 });
  url = app.ws_url;
  client = open(url);
});
after(async () => {
  client?.close();
  await end();
});

/** Runs an example and gives what it printed. */
async function printed(example) {
  const lines = [];
  await example({ log: (...words) => lines.push(words.join(' ')) });
  return lines;
}

test('a loop', { skip }, async () => {
  const lines = await printed(async (console) => {
    // snippet: loop
    const customer = client.follow('/customer/1', { lanes: ['profile', 'next_best_offer'] });
    for await (const { status, lanes } of customer) {
      if (status === 'stale') console.log('connection lost; this is the last known state:');
      console.log(lanes.profile?.name, 'should be offered', lanes.next_best_offer?.offer);
      if (lanes.profile) break; // ends the following, too
    }
    // end
    assert.equal(customer.get().status, 'closed');
  });
  const { profile } = (await app.state('/customer/1')).lanes;
  assert.match(lines.at(-1), new RegExp(`^${profile.name} should be offered`));
});

test('a store', { skip }, async () => {
  const drawn = [];
  const draw = (orders) => drawn.push(orders);
  // snippet: store
  const customer = client.follow('/customer/1');
  const stop = customer.subscribe((state) => draw(state.lanes.orders)); // at once, then after each change
  customer.get().rev; // the present state at any time
  // end
  await until('orders', () => customer.get().rev > 0 && drawn.at(-1) !== undefined);
  stop();
  // snippet: close
  customer.close();
  // end
});

test('callbacks', { skip }, async () => {
  const lines = await printed(async (console) => {
    // snippet: callbacks
    const customer = client.follow('/customer/1', {
      life: true,
      onSnapshot: (state) => console.log('all of it, at rev', state.rev),
      onDiff: (state, { patch }) => console.log('changed:', Object.keys(patch)),
      onResume: (state) => console.log('connected again; nothing was missed up to rev', state.rev),
      onEvent: ({ lane, value, dropped }) => console.log(lane, 'emitted', value, 'after', dropped, 'that were lost'),
      onLife: ({ event, cause }) => console.log(event, cause),
      onError: (error) => console.log('refused for good:', error.code),
    });
    // end
    await until('an answer', () => customer.get().status === 'live');
    customer.close();
  });
  assert.match(lines[0], /^all of it, at rev \d+$/);
});

test('a command', { skip }, async () => {
  const lines = await printed(async (console) => {
    // snippet: command
    try {
      const { rev, result } = await client.command('/customer/1', 'issue_voucher', { amount: 10, reason: 'late parcel' });
      console.log('applied and durable at rev', rev, JSON.stringify(result));
    } catch (error) {
      if (!(error instanceof TwinlaneError)) throw error;
      if (error.code === 'offline') console.log('nothing was sent: safe to try again');
      else if (error.code === 'disconnected') console.log('it may have been done: look before you try again');
      else console.log('refused:', error.code, error.message);
    }
    // end
  });
  assert.match(lines[0], /^applied and durable at rev \d+/);
});

test('queries', { skip }, async () => {
  const lines = await printed(async (console) => {
    // snippet: query
    for (const { key, value } of await client.query('/customer/1', 'orders', { limit: 5 })) console.log(key, value.status);
    for await (const { key, value } of client.followRows('/customer/1', 'orders', { from: 'start' })) {
      console.log(key, value ? value.status : 'is no longer kept');
      break; // ends the query
    }
    // end
  });
  assert.ok(lines.length > 1, lines.join('\n'));
});

test('a token, and several servers', { skip }, async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await once(server, 'listening');
  const tokens = [];
  server.on('connection', (socket) => socket.on('message', (data) => {
    const { op, token } = JSON.parse(data);
    if (op === 'auth') tokens.push(token);
    if (tokens.length === 1) socket.close(4401);
  }));
  const asked = [];
  const session = { token: async ({ renew }) => asked.push(renew) && `token ${asked.length}` };
  const [first, second] = ['ws://127.0.0.1:9/ws', `ws://127.0.0.1:${server.address().port}/ws`];
  // snippet: token
  const client = open([first, second], {
    // why: 'connect', or 'renew' before a JWT ends, or 'refused' when the server closed with 4401
    token: (why) => session.token({ renew: why !== 'connect' }),
  });
  // end
  t.after(() => client.close());
  await until('two tokens', () => tokens.length === 2);
  assert.ok(asked.includes(true), `asked ${asked}`);
  assert.notEqual(tokens[0], tokens[1]);
});

test('the server stops well', { skip }, async () => {
  client.close();
  await assert_stops_well(assert, app);
});
