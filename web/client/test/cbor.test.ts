import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CborReader, encodeCbor } from '../src/cbor.js';
import type { Json } from '../src/json.js';
import { decodeFrame, packFrames, type ClientMessage } from '../src/messages.js';
import { jsonValue, seeded } from './support/random_json.js';

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const read = (hex: string) => new CborReader(bytes(hex)).readAll();

// From RFC 8949, appendix A: what JSON can say.
const appendix: [string, Json][] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['20', -1],
  ['3863', -100],
  ['3903e7', -1000],
  ['f90000', 0],
  ['f93c00', 1],
  ['fb3ff199999999999a', 1.1],
  ['f93e00', 1.5],
  ['f97bff', 65504],
  ['fa47c35000', 100000],
  ['fa7f7fffff', 3.4028234663852886e38],
  ['fb7e37e43c8800759c', 1e300],
  ['f90001', 5.960464477539063e-8],
  ['f90400', 0.00006103515625],
  ['f9c400', -4],
  ['fbc010666666666666', -4.1],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['60', ''],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', 'ü'],
  ['63e6b0b4', '水'],
  ['64f0908591', '𐅑'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', {}],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9fff', []],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['bf6346756ef563416d7421ff', { Fun: true, Amt: -2 }],
];

test('the examples of RFC 8949 that JSON can say are read', () => {
  for (const [hex, value] of appendix) assert.deepEqual(read(hex), value, hex);
});

test('integers beyond 2^53 are rounded, as JSON.parse has them', () => {
  assert.equal(read('1bffffffffffffffff'), JSON.parse('18446744073709551615'));
  assert.equal(read('3bffffffffffffffff'), JSON.parse('-18446744073709551616'));
});

for (const [what, hex] of [
  ['nothing', ''],
  ['a byte string', '4401020304'],
  ['a tag', 'c11a514b67b0'],
  ['undefined', 'f7'],
  ['an unassigned simple value', 'f818'],
  ['a key that is no text', 'a10102'],
  ['a break where an item should be', 'ff'],
  ['a reserved head', '1c'],
  ['a number of open length', '1f'],
  ['a text of open length with a piece of bytes', '7f4101ff'],
  ['a text that is not UTF-8', '61ff'],
  ['a long text that is not UTF-8', '7820' + '61'.repeat(31) + 'ff'],
  ['bytes behind the end', '0000'],
  ['an array that says it is huge', '9b00ffffffffffffff00'],
  ['a text that says it is huge', '7b00ffffffffffffff00'],
  ['nesting without end', '81'.repeat(100_000)],
  ['nesting of open length without end', '9f'.repeat(100_000)],
] as const) {
  test(`${what} is a SyntaxError`, () => {
    assert.throws(() => read(hex), SyntaxError);
  });
}

test('every value comes back as it was, and every shorter text of it is an error', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const value = jsonValue(seeded(seed), 4);
    const encoded = encodeCbor(value);
    assert.deepEqual(new CborReader(encoded).readAll(), value, `seed ${seed}`);
    for (let length = 0; length < encoded.length; length += 1)
      assert.throws(() => new CborReader(encoded.subarray(0, length)).readAll(), SyntaxError, `seed ${seed}`);
  }
});

test('bytes that were made up end in a value or in a SyntaxError, never otherwise', () => {
  const random = seeded(7);
  let values = 0;
  for (let run = 0; run < 20_000; run += 1) {
    const data = Uint8Array.from({ length: 1 + random(24) }, () => random(256));
    try {
      new CborReader(data).readAll();
      values += 1;
    } catch (error) {
      assert.ok(error instanceof SyntaxError, `${error}`);
    }
  }
  assert.ok(values > 100, `${values} values`);
});

test('numbers are written as JSON has them', () => {
  for (const n of [
    0,
    23,
    24,
    255,
    256,
    65535,
    65536,
    2 ** 32 - 1,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
    -1,
    -24,
    -25,
    -257,
  ])
    assert.equal(new CborReader(encodeCbor(n)).readAll(), n);
  assert.ok(Object.is(new CborReader(encodeCbor(-0)).readAll(), -0));
  assert.equal(new CborReader(encodeCbor(NaN)).readAll(), null);
  assert.deepEqual(new CborReader(encodeCbor({ a: undefined, b: 1 } as never)).readAll(), { b: 1 });
});

test('a key of any name is a member, and no prototype', () => {
  const object = new CborReader(encodeCbor(JSON.parse('{"__proto__":{"admin":true},"constructor":1}'))).readAll();
  assert.equal(JSON.stringify(object), '{"__proto__":{"admin":true},"constructor":1}');
  assert.equal(({} as Record<string, unknown>)['admin'], undefined);
});

test('a frame holds one message or an array of them, each with the bytes that it took', () => {
  const pong = { op: 'pong', id: 3 };
  const one = encodeCbor(pong);
  const frame = (data: Uint8Array) => decodeFrame(data.slice().buffer as ArrayBuffer);
  assert.deepEqual(
    frame(one).map(({ message, bytes }) => [message, bytes()]),
    [[pong, one.length]],
  );
  const many = frame(encodeCbor([pong, 7, { op: 'done', id: 1, reason: 'limit' }]));
  assert.deepEqual(
    many.map(({ message }) => message.op),
    ['pong', 'done'],
  );
  assert.equal(many[0]?.bytes(), one.length);
  assert.deepEqual(frame(encodeCbor([])), []);
});

test('packing keeps every message, in order, within the bound', () => {
  const messages: ClientMessage[] = Array.from({ length: 500 }, (_, i) => ({
    op: 'sub',
    id: i,
    uri: `/customer/${i}`,
  }));
  const frames = packFrames(messages, 4096, 'cbor');
  assert.ok(frames.length > 3);
  for (const frame of frames) assert.ok(frame.length <= 4096, `${frame.length} bytes`);
  assert.deepEqual(
    frames.flatMap((frame) => new CborReader(frame).readAll()),
    messages,
  );
  assert.deepEqual(new CborReader(packFrames([{ op: 'ping', id: 0 }], 4096, 'cbor')[0] as Uint8Array).readAll(), {
    op: 'ping',
    id: 0,
  });
});
