import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Backoff } from '../src/backoff';
import { Client, CommandError, type ClientOptions, type Observer, type Socket } from '../src/client';
import type { EntityState } from '../src/entity';

/** A connection whose other end is the test. */
class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  sent: any[] = [];
  closed = false;

  send(text: string): void {
    const frame = JSON.parse(text);
    this.sent.push(...(Array.isArray(frame) ? frame : [frame]));
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.onopen?.({});
  }
  receive(...messages: unknown[]): void {
    this.onmessage?.({ data: JSON.stringify(messages.length === 1 ? messages[0] : messages) });
  }
  lose(code = 1006): void {
    this.onclose?.({ code, reason: '' });
  }
  last(op: string): any {
    return this.sent.filter((message) => message.op === op).at(-1);
  }
}

class Harness {
  readonly sockets: FakeSocket[] = [];
  readonly states: string[] = [];
  readonly client: Client;

  constructor(options: Partial<ClientOptions> = {}) {
    this.client = new Client({
      url: 'ws://test/ws',
      connect: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      random: () => 0,
      firstRetryMs: 4,
      retryMsMax: 16,
      silenceMs: 60_000,
      ...options,
    });
    this.client.onStatus((status) => this.states.push(status.state));
    open.push(this.client);
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  /** Resolves when the condition holds; fails after two seconds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + 2000;
    while (!condition()) {
      assert.ok(Date.now() < deadline, `never: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

const open: Client[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

const settled = () => new Promise<void>((resolve) => queueMicrotask(resolve));

function recorder(): Observer & { states: EntityState[]; errors: string[] } {
  const states: EntityState[] = [];
  const errors: string[] = [];
  return {
    states,
    errors,
    onSnapshot: (s) => states.push(s),
    onDiff: (s) => states.push(s),
    onError: (code) => errors.push(code),
  };
}

const snap = (id: number, rev: number, lanes: object, more = {}) => ({
  op: 'snap',
  id,
  uri: '/customer/1',
  lineage: 'a',
  rev,
  exists: true,
  resumed: false,
  lanes,
  ...more,
});

test('subscriptions made before the connection is open are sent once it is, together', async () => {
  const h = new Harness();
  h.client.subscribe('/customer/1', recorder(), { lanes: ['profile'] });
  h.client.subscribe('/customer/2', recorder(), { life: true });
  h.socket.open();
  await settled();
  assert.deepEqual(h.socket.sent, [
    { op: 'sub', id: 1, uri: '/customer/1', lanes: ['profile'] },
    { op: 'sub', id: 2, uri: '/customer/2', life: true },
  ]);
});

test('snapshot and diffs fold to the state, in one frame or several', async () => {
  const h = new Harness();
  const seen = recorder();
  h.client.subscribe('/customer/1', seen);
  h.socket.open();
  h.socket.receive(snap(1, 4, { orders: { '7': { status: 'placed' }, '3': {} } }), {
    op: 'diff',
    id: 1,
    from: 4,
    rev: 6,
    patch: { orders: { '7': { status: 'shipped' }, '3': null } },
  });
  h.socket.receive({ op: 'diff', id: 1, from: 6, rev: 7, patch: { profile: { name: 'Ann' } } });
  assert.deepEqual(
    seen.states.map((s) => s.rev),
    [4, 6, 7],
  );
  assert.deepEqual(seen.states.at(-1)?.lanes, { orders: { '7': { status: 'shipped' } }, profile: { name: 'Ann' } });
});

test('a diff that does not follow is not applied and leads to a fresh snapshot', async () => {
  const h = new Harness();
  const seen = recorder();
  h.client.subscribe('/customer/1', seen);
  h.socket.open();
  h.socket.receive(snap(1, 4, { a: 1 }));
  h.socket.receive({ op: 'diff', id: 1, from: 5, rev: 6, patch: { a: 3 } });
  await settled();
  assert.deepEqual(h.socket.last('unsub'), { op: 'unsub', id: 1 });
  const again = h.socket.last('sub');
  assert.notEqual(again.id, 1);
  h.socket.receive({ op: 'diff', id: 1, from: 4, rev: 5, patch: { a: 9 } });
  assert.equal(seen.states.length, 1);
  h.socket.receive(snap(again.id, 6, { a: 3 }));
  assert.deepEqual(
    seen.states.map((s) => s.lanes),
    [{ a: 1 }, { a: 3 }],
  );
});

test('a new snapshot on the same subscription replaces the state: birth, deletion, rebirth', async () => {
  const h = new Harness();
  const seen = recorder();
  h.client.subscribe('/customer/1', seen);
  h.socket.open();
  h.socket.receive(snap(1, 0, {}, { exists: false, lineage: '' }));
  h.socket.receive(snap(1, 1, { a: 1 }));
  h.socket.receive(snap(1, 0, {}, { exists: false, lineage: '' }));
  h.socket.receive(snap(1, 1, { b: 1 }, { lineage: 'b' }));
  h.socket.receive({ op: 'diff', id: 1, from: 1, rev: 2, patch: { b: 2 } });
  assert.deepEqual(
    seen.states.map((s) => [s.exists, s.lanes]),
    [
      [false, {}],
      [true, { a: 1 }],
      [false, {}],
      [true, { b: 1 }],
      [true, { b: 2 }],
    ],
  );
});

test('after a loss it connects again and every subscription gets a fresh snapshot', async () => {
  const h = new Harness();
  const seen = recorder();
  const end = h.client.subscribe('/customer/9', recorder());
  h.client.subscribe('/customer/1', seen);
  h.socket.open();
  await settled();
  h.socket.receive(snap(2, 4, { a: 1 }));
  end();
  h.socket.lose();
  assert.equal(h.client.status.state, 'connecting');
  await h.until(() => h.sockets.length === 2, 'second connection');
  h.socket.open();
  await settled();
  assert.deepEqual(h.socket.sent, [{ op: 'sub', id: 2, uri: '/customer/1' }]);
  h.socket.receive({ op: 'diff', id: 2, from: 4, rev: 5, patch: { a: 7 } });
  assert.equal(seen.states.length, 1, 'no diff counts before the snapshot');
  h.socket.receive(snap(2, 9, { a: 2 }));
  assert.deepEqual(
    seen.states.map((s) => s.rev),
    [4, 9],
  );
});

test('failing attempts say offline with the time of the next one, until a connection opens', async () => {
  const h = new Harness();
  h.socket.lose();
  assert.equal(h.client.status.state, 'offline');
  assert.ok(h.client.status.retryAt !== undefined);
  await h.until(() => h.sockets.length === 3 || (h.sockets.length === 2 && (h.socket.lose(), false)), 'third attempt');
  assert.deepEqual([...new Set(h.states)], ['offline']);
  h.socket.open();
  assert.equal(h.client.status.state, 'open');
});

test('retryNow does not wait for the back-off, and does not connect twice', async () => {
  const h = new Harness({ firstRetryMs: 60_000, retryMsMax: 60_000 });
  h.socket.lose();
  h.client.retryNow();
  h.client.retryNow();
  assert.equal(h.sockets.length, 2);
});

test('a refused sign-in ends the attempts', async () => {
  const h = new Harness();
  h.socket.open();
  h.socket.lose(4401);
  assert.deepEqual(h.client.status, { state: 'offline', reason: 'not signed in' });
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(h.sockets.length, 1);
});

test('the first message resets the back-off, opening alone does not', async () => {
  const h = new Harness({ firstRetryMs: 8, retryMsMax: 10_000 });
  const waits: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    h.socket.lose();
    waits.push((h.client.status.retryAt ?? 0) - Date.now());
    h.client.retryNow();
  }
  assert.ok((waits[2] as number) > (waits[0] as number) * 2, waits.join());
  h.socket.open();
  h.socket.receive({ op: 'pong', id: 1 });
  h.socket.lose();
  await h.until(() => h.sockets.length === 5, 'attempt after the first wait');
});

test('a silent connection is pinged, and dropped when nothing answers', async () => {
  const h = new Harness({ silenceMs: 15 });
  h.socket.open();
  const first = h.socket;
  await h.until(() => first.last('ping') !== undefined, 'ping');
  first.receive({ op: 'pong', id: first.last('ping').id });
  assert.equal(first.closed, false);
  await h.until(() => first.closed, 'drop');
  await h.until(() => h.sockets.length === 2, 'second connection');
});

test('a frame that is not JSON drops the connection', () => {
  const h = new Harness();
  h.socket.open();
  const first = h.socket;
  first.onmessage?.({ data: '{"op":' });
  assert.equal(first.closed, true);
  assert.equal(h.client.status.state, 'connecting');
});

test('commands resolve with the answer or reject with its code', async () => {
  const h = new Harness();
  h.socket.open();
  const good = h.client.command('/customer/1', 'set_tier', { tier: 'gold' });
  const bad = h.client.command('/customer/1', 'set_tier', { tier: 1 }, 17);
  await settled();
  assert.deepEqual(h.socket.sent, [
    { op: 'cmd', id: 1, uri: '/customer/1', lane: 'set_tier', value: { tier: 'gold' } },
    { op: 'cmd', id: 2, uri: '/customer/1', lane: 'set_tier', value: { tier: 1 }, if_rev: 17 },
  ]);
  h.socket.receive(
    { op: 'ok', id: 1, rev: 18, result: { done: true } },
    { op: 'err', id: 2, code: 'rev_mismatch', message: 'It is 18.' },
  );
  assert.deepEqual(await good, { rev: 18, result: { done: true } });
  await assert.rejects(bad, (error: CommandError) => error.code === 'rev_mismatch' && error.message === 'It is 18.');
});

test('commands fail at once when offline, with the connection when it is lost, and in the end by time', async () => {
  const h = new Harness({ commandTimeoutMs: 20 });
  await assert.rejects(h.client.command('/customer/1', 'add_note', {}), { code: 'offline' });
  h.socket.open();
  await assert.rejects(h.client.command('/customer/1', 'add_note', {}), { code: 'timeout' });
  const cut = h.client.command('/customer/1', 'add_note', {});
  h.socket.lose();
  await assert.rejects(cut, { code: 'connection_lost' });
});

test('an error on a subscription reaches its observer', () => {
  const h = new Harness();
  const seen = recorder();
  h.client.subscribe('/nowhere', seen);
  h.socket.open();
  h.socket.receive({ op: 'err', id: 1, code: 'no_such_route', message: 'x' });
  assert.deepEqual(seen.errors, ['no_such_route']);
});

test('after unsubscribing nothing more is told', async () => {
  const h = new Harness();
  const seen = recorder();
  const end = h.client.subscribe('/customer/1', seen);
  h.socket.open();
  h.socket.receive(snap(1, 1, {}));
  end();
  end();
  h.socket.receive(
    { op: 'diff', id: 1, from: 1, rev: 2, patch: { a: 1 } },
    { op: 'done', id: 1, reason: 'unsubscribed' },
  );
  await settled();
  assert.equal(seen.states.length, 1);
  assert.equal(h.socket.sent.filter((m) => m.op === 'unsub').length, 1);
});

test('back-off doubles to its bound and draws from the upper half', () => {
  const low = new Backoff({ firstMs: 500, maxMs: 4000, random: () => 0 });
  const high = new Backoff({ firstMs: 500, maxMs: 4000, random: () => 0.999999 });
  assert.deepEqual(
    [...Array(5)].map(() => low.next()),
    [250, 500, 1000, 2000, 2000],
  );
  assert.deepEqual(
    [...Array(5)].map(() => Math.round(high.next())),
    [500, 1000, 2000, 4000, 4000],
  );
  low.reset();
  assert.equal(low.next(), 250);
});
