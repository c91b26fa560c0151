import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearerProtocol, endOfToken } from '../src/credentials.js';
import { settled } from './support/fake_clock.js';
import { Harness } from './support/harness.js';

const base64url = (text: string) => Buffer.from(text).toString('base64url');
const jwt = (claims: object) => `${base64url('{"alg":"RS256"}')}.${base64url(JSON.stringify(claims))}.c2ln`;

test('a token goes out before anything else, in a frame of its own', async () => {
  const h = new Harness({ token: 'secret' });
  h.client.follow('/customer/1');
  await settled();
  h.socket.open();
  await settled();
  assert.deepEqual(
    h.socket.frames.map((frame) => JSON.parse(frame as string)),
    [
      { op: 'auth', token: 'secret' },
      { op: 'sub', id: 1, uri: '/customer/1' },
    ],
  );
  assert.deepEqual(h.socket.protocols, ['twinlane.v1.json']);
});

test('or it goes into the handshake, as a subprotocol', async () => {
  const h = new Harness({ token: 'a+b/ö?', tokenIn: 'subprotocol' });
  await settled();
  h.socket.open();
  await settled();
  const [, bearer] = h.socket.protocols as [string, string];
  assert.match(bearer, /^bearer\.[A-Za-z0-9_-]+$/);
  assert.equal(Buffer.from(bearer.slice(7), 'base64url').toString(), 'a+b/ö?');
  assert.equal(bearer, bearerProtocol('a+b/ö?'));
  assert.deepEqual(h.socket.sent, []);
});

test('a function is asked for each connection, and told when its last token was refused', async () => {
  const reasons: string[] = [];
  const h = new Harness({
    token: async (reason) => {
      reasons.push(reason);
      return `token ${reasons.length}`;
    },
  });
  assert.equal(h.sockets.length, 0);
  for (const [code, wait] of [
    [1001, 500],
    [4401, 1000],
    [1006, 2000],
  ] as const) {
    await settled();
    h.socket.open();
    h.socket.lose(code);
    await h.clock.pass(wait);
  }
  h.socket.open();
  assert.deepEqual(reasons, ['connect', 'connect', 'refused', 'connect']);
  assert.deepEqual(h.socket.sent, [{ op: 'auth', token: 'token 4' }]);
});

test('who answers undefined gives up; a fixed token that is refused is not tried again', async () => {
  for (const token of ['fixed', (reason: string) => (reason === 'connect' ? 'once' : undefined)]) {
    const h = new Harness({ token });
    await settled();
    h.socket.open();
    h.socket.lose(4401);
    await h.clock.pass(500);
    assert.deepEqual(h.client.status, { state: 'closed', reason: 'not signed in' });
    await h.clock.pass(3_600_000);
    assert.equal(h.sockets.length, 1);
  }
});

test('a function that throws is asked again after a wait', async () => {
  let asked = 0;
  const h = new Harness({
    token: () => {
      asked += 1;
      if (asked < 3) throw new Error('no network');
      return 'late';
    },
  });
  await settled();
  assert.equal(h.client.status.state, 'offline');
  assert.match(h.client.status.reason ?? '', /no network/);
  await h.clock.pass(500);
  await h.clock.pass(1000);
  assert.equal(asked, 3);
  h.socket.open();
  assert.deepEqual(h.socket.sent, [{ op: 'auth', token: 'late' }]);
});

test('a token that comes after close connects nobody', async () => {
  let give = (_: string): void => {};
  const h = new Harness({ token: () => new Promise<string>((resolve) => (give = resolve)) });
  await settled();
  h.client.close();
  give('late');
  await settled();
  assert.equal(h.sockets.length, 0);
});

test('a JWT is renewed on the open connection before it ends, again and again', async () => {
  const reasons: string[] = [];
  const h: Harness = new Harness({
    silenceMs: 1e9,
    token: (reason): string => {
      reasons.push(reason);
      const now = reason === 'connect' ? 1_000_000 : h.clock.now();
      return jwt({ exp: now / 1000 + 100, n: reasons.length });
    },
  });
  await settled();
  h.socket.open();
  await h.clock.pass(79_999);
  assert.deepEqual(reasons, ['connect']);
  await h.clock.pass(1);
  assert.deepEqual(reasons, ['connect', 'renew']);
  await h.clock.pass(80_000);
  assert.deepEqual(reasons, ['connect', 'renew', 'renew']);
  const tokens = h.socket.sent.filter(({ op }) => op === 'auth').map(({ token }) => token);
  assert.equal(new Set(tokens).size, 3);
  h.socket.lose();
  await h.clock.pass(400);
  assert.equal(reasons.length, 3, 'a lost connection renews nothing');
});

test('a renewal that fails is tried again every few seconds', async () => {
  let asked = 0;
  const first = jwt({ exp: 1_000_000 / 1000 + 100 });
  const h = new Harness({
    silenceMs: 1e9,
    token: () => {
      asked += 1;
      if (asked === 2) throw new Error('no network');
      return asked < 4 ? first : 'new';
    },
  });
  await settled();
  h.socket.open();
  await h.clock.pass(80_000);
  assert.equal(asked, 2);
  await h.clock.pass(10_000);
  assert.equal(asked, 4);
  assert.deepEqual(h.socket.sent.at(-1), { op: 'auth', token: 'new' });
  await h.clock.pass(1_000_000);
  assert.equal(asked, 4, 'a token that says no end is not renewed');
});

test('the end of a token is read where there is one', () => {
  assert.equal(endOfToken(jwt({ exp: 1700000000, name: 'Zoë?>' })), 1_700_000_000_000);
  for (const token of [
    '',
    'opaque',
    'a.b.c',
    `a.${base64url('7')}.c`,
    jwt({}),
    jwt({ exp: 'soon' }),
    jwt({ exp: null }),
  ])
    assert.equal(endOfToken(token), undefined, token);
});
