import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, TwinlaneError } from '../src/index.js';
import { settled } from './support/fake_clock.js';
import { Harness, snap } from './support/harness.js';

test('what is asked before the connection is open is sent once it is, together', async () => {
  const h = new Harness();
  h.client.follow('/customer/1', { lanes: ['profile'] });
  h.client.follow('/customer/2', { life: true });
  h.socket.open();
  await settled();
  assert.deepEqual(h.socket.sent, [
    { op: 'sub', id: 1, uri: '/customer/1', lanes: ['profile'] },
    { op: 'sub', id: 2, uri: '/customer/2', life: true },
  ]);
  assert.equal(h.socket.frames.length, 1);
  assert.equal(h.socket.binaryType, 'arraybuffer');
});

test('failing attempts say offline with the time of the next one, until a connection opens', async () => {
  const h = new Harness({ firstRetryMs: 500 });
  assert.equal(h.client.status.state, 'connecting');
  for (const wait of [500, 1000, 2000]) {
    h.socket.lose();
    assert.deepEqual(h.client.status, {
      state: 'offline',
      retryAt: h.clock.now() + wait,
      reason: 'the connection was lost',
    });
    const before = h.sockets.length;
    await h.clock.pass(wait - 1);
    assert.equal(h.sockets.length, before);
    await h.clock.pass(1);
    assert.equal(h.sockets.length, before + 1);
  }
  h.socket.open();
  assert.equal(h.client.status.state, 'open');
  assert.deepEqual([...new Set(h.states)], ['offline', 'open']);
});

test('a loss is followed by another attempt: connecting first, offline when that fails too', async () => {
  const h = new Harness();
  h.socket.open();
  h.socket.lose(1001);
  assert.deepEqual(h.client.status, { state: 'connecting', reason: 'the server is restarting' });
  await h.clock.pass(500);
  h.socket.lose();
  assert.equal(h.client.status.state, 'offline');
});

test('waits grow while connections break at once, and are short again after one that lasted', async () => {
  const h = new Harness();
  for (const wait of [500, 1000, 2000]) {
    h.socket.open();
    h.socket.receive({ op: 'pong', id: 0 });
    h.socket.lose(4408);
    const before = h.sockets.length;
    await h.clock.pass(wait - 1);
    assert.equal(h.sockets.length, before);
    await h.clock.pass(1);
    assert.equal(h.sockets.length, before + 1);
  }
  h.socket.open();
  await h.clock.pass(5_000);
  h.socket.lose();
  await h.clock.pass(500);
  assert.equal(h.sockets.length, 5);
});

test('several URLs are tried in turn, also after a loss', async () => {
  const urls = ['ws://a/ws', 'ws://b/ws', 'ws://c/ws'];
  const h = new Harness({}, urls);
  h.socket.lose();
  await h.clock.pass(500);
  h.socket.open();
  h.socket.lose(1001);
  await h.clock.pass(500);
  h.socket.lose();
  await h.clock.pass(500);
  assert.deepEqual(
    h.sockets.map(({ url }) => url),
    ['ws://a/ws', 'ws://b/ws', 'ws://c/ws', 'ws://a/ws'],
  );
});

for (const code of [1001, 1006, 1009, 1011, 4408, 4429]) {
  test(`close code ${code} leads to another attempt`, async () => {
    const h = new Harness();
    h.socket.open();
    h.socket.lose(code);
    await h.clock.pass(500);
    assert.equal(h.sockets.length, 2);
  });
}

for (const [code, reason] of [
  [4400, 'the server did not understand a message'],
  [4401, 'not signed in'],
  [4403, 'not allowed'],
] as const) {
  test(`close code ${code} is final, until someone says retryNow`, async () => {
    const h = new Harness();
    h.socket.open();
    h.socket.lose(code);
    assert.deepEqual(h.client.status, { state: 'closed', reason });
    await h.clock.pass(3_600_000);
    assert.equal(h.sockets.length, 1);
    h.client.retryNow();
    assert.equal(h.sockets.length, 2);
    assert.equal(h.client.status.state, 'connecting');
  });
}

test('retryNow does not wait, and does not connect twice', async () => {
  const h = new Harness({ firstRetryMs: 60_000, retryMsMax: 60_000 });
  h.client.retryNow();
  h.socket.lose();
  h.client.retryNow();
  assert.equal(h.sockets.length, 2);
  h.socket.open();
  h.client.retryNow();
  await h.clock.pass(9_000);
  assert.equal(h.sockets.length, 2);
});

test('an attempt that nobody answers is given up', async () => {
  const h = new Harness({ connectTimeoutMs: 10_000 });
  const first = h.socket;
  await h.clock.pass(9_999);
  assert.equal(first.closed, false);
  await h.clock.pass(1);
  assert.equal(first.closed, true);
  assert.equal(h.client.status.reason, 'no answer');
  await h.clock.pass(500);
  assert.equal(h.sockets.length, 2);
});

test('a silent connection is pinged after 30 s and given up after 60 s', async () => {
  const h = new Harness();
  h.socket.open();
  const first = h.socket;
  await h.clock.pass(29_999);
  assert.equal(first.last('ping'), undefined);
  await h.clock.pass(1);
  assert.deepEqual(first.last('ping'), { op: 'ping', id: 0 });
  await h.clock.pass(29_999);
  assert.equal(first.closed, false);
  await h.clock.pass(1);
  assert.equal(first.closed, true);
  assert.equal(h.client.status.reason, 'the server fell silent');
});

test('an answered ping keeps the connection, and one that talks is not pinged', async () => {
  const h = new Harness();
  h.socket.open();
  const { socket } = h;
  for (let i = 0; i < 10; i += 1) {
    await h.clock.pass(30_000);
    assert.equal(socket.sent.filter(({ op }) => op === 'ping').length, i + 1);
    socket.receive({ op: 'pong', id: 0 });
  }
  for (let i = 0; i < 10; i += 1) {
    await h.clock.pass(20_000);
    socket.receive({ op: 'life', id: 9, event: 'started', at: 1 });
  }
  assert.equal(socket.sent.filter(({ op }) => op === 'ping').length, 10);
  assert.equal(socket.closed, false);
});

test('a frame that cannot be read drops the connection', () => {
  for (const data of ['{"op":', new Uint8Array([0xff]).buffer]) {
    const h = new Harness();
    h.socket.open();
    const first = h.socket;
    first.onmessage?.({ data });
    assert.equal(first.closed, true);
    assert.equal(h.client.status.state, 'connecting');
  }
});

test('what a lost socket still says is not heard', async () => {
  const h = new Harness();
  const f = h.client.follow('/customer/1');
  h.socket.open();
  await settled();
  h.socket.lose();
  h.socket.receive(snap(1, 4, {}));
  assert.equal(f.get().status, 'connecting');
});

test('CBOR is spoken with a server that takes it, and JSON with one that does not', async () => {
  for (const protocol of ['twinlane.v1.cbor', 'twinlane.v1.json']) {
    const h = new Harness({ encoding: 'cbor' });
    assert.deepEqual(h.socket.protocols, ['twinlane.v1.cbor', 'twinlane.v1.json']);
    const f = h.client.follow('/customer/1');
    h.client.follow('/customer/2');
    h.socket.open(protocol);
    await settled();
    assert.equal(typeof h.socket.frames[0] === 'string', protocol === 'twinlane.v1.json');
    assert.deepEqual(
      h.socket.sent.map(({ uri }) => uri),
      ['/customer/1', '/customer/2'],
    );
    h.socket.receive(snap(1, 4, { profile: { name: 'Åsa', score: 0.5 } }));
    assert.deepEqual(f.get().lanes, { profile: { name: 'Åsa', score: 0.5 } });
  }
});

test('close ends everything, and nothing can be asked of it any more', async () => {
  const h = new Harness();
  const f = h.client.follow('/customer/1');
  const waits = h.client.command('/customer/1', 'add_note', {});
  h.socket.open();
  h.client.close();
  await assert.rejects(waits, { code: 'closed' });
  assert.equal(f.get().status, 'closed');
  assert.equal(h.socket.closed, true);
  assert.deepEqual(h.client.status, { state: 'closed', reason: 'closed' });
  h.client.retryNow();
  await h.clock.pass(100_000);
  assert.equal(h.sockets.length, 1);
  assert.equal(h.clock.timers, 0);
  assert.throws(() => h.client.follow('/customer/1'), { code: 'closed' });
  await assert.rejects(h.client.command('/customer/1', 'add_note'), { code: 'closed' });
});

test('a socket that cannot even be made is a failed attempt', async () => {
  const h = new Harness({
    WebSocket: class {
      constructor() {
        throw new SyntaxError('no such scheme');
      }
    } as never,
  });
  assert.equal(h.client.status.state, 'offline');
  assert.match(h.client.status.reason ?? '', /no such scheme/);
  h.client.close();
});

test('without a WebSocket it says which one to give, and without a URL that it needs one', () => {
  const here = globalThis as { WebSocket?: unknown };
  const own = here.WebSocket;
  try {
    delete here.WebSocket;
    assert.throws(
      () => connect('ws://test/ws'),
      (e: TwinlaneError) => e.code === 'no_websocket' && /'ws'/.test(e.message),
    );
  } finally {
    if (own) here.WebSocket = own;
  }
  assert.throws(() => new Harness({}, []), TypeError);
});

test('an error in a listener is reported, and does not keep the others from being told', () => {
  const h = new Harness();
  const here = globalThis as { reportError?: unknown };
  const reported: unknown[] = [];
  here.reportError = (error: unknown) => reported.push(error);
  try {
    const seen: string[] = [];
    h.client.onStatus(() => {
      throw new Error('of a listener');
    });
    const end = h.client.onStatus(({ state }) => seen.push(state));
    h.socket.open();
    end();
    h.client.close();
    assert.deepEqual(seen, ['open']);
    assert.deepEqual(reported.map(String), ['Error: of a listener', 'Error: of a listener']);
  } finally {
    delete here.reportError;
  }
});
