import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame, packFrames, wireBytes, type ClientMessage } from '../src/messages.js';

test('a frame holds one message or an array of them', () => {
  assert.deepEqual(
    decodeFrame('{"op":"pong","id":3}').map((r) => r.message),
    [{ op: 'pong', id: 3 }],
  );
  const many = decodeFrame('[{"op":"pong","id":1},{"op":"done","id":2,"reason":"limit"}]').map((r) => r.message.op);
  assert.deepEqual(many, ['pong', 'done']);
  assert.deepEqual(decodeFrame('[]'), []);
});

test('members that are no messages are left out, and text that is not JSON is an error', () => {
  assert.deepEqual(
    decodeFrame('[1,null,"x",{"id":1},{"op":"pong","id":1}]').map((r) => r.message),
    [{ op: 'pong', id: 1 }],
  );
  assert.deepEqual(decodeFrame('7'), []);
  assert.throws(() => decodeFrame('{"op":'), SyntaxError);
});

test('bytes are counted as UTF-8 and shared out over a frame', () => {
  const one = '{"op":"diff","id":1,"from":1,"rev":2,"patch":{"profile":{"name":"Åsa 🙂"}}}';
  assert.equal(decodeFrame(one)[0]?.bytes(), Buffer.byteLength(one));
  const frame = `[${one},${one}]`;
  const total = decodeFrame(frame).reduce((sum, r) => sum + r.bytes(), 0);
  assert.ok(Math.abs(total - Buffer.byteLength(frame)) <= 2);
  assert.equal(wireBytes('€'), 3);
});

test('packing keeps every message, in order, within the bound', () => {
  const messages: ClientMessage[] = [...Array(500)].map((_, i) => ({
    op: 'sub',
    id: i,
    uri: `/customer/${i}`,
    lanes: ['profile', 'loyalty'],
  }));
  const frames = packFrames(messages, 4096, 'json');
  assert.ok(frames.length > 5);
  for (const frame of frames) assert.ok(Buffer.byteLength(frame) <= 4096, `${Buffer.byteLength(frame)} bytes`);
  const back = frames.flatMap((frame) => JSON.parse(frame) as ClientMessage[]);
  assert.deepEqual(back, messages);
  assert.deepEqual(packFrames([], 4096, 'json'), []);
  assert.equal(packFrames([{ op: 'ping', id: 1 }], 4096, 'json')[0], '{"op":"ping","id":1}');
});

test('a message above the bound goes alone', () => {
  const note: ClientMessage = {
    op: 'cmd',
    id: 2,
    uri: '/customer/1',
    lane: 'add_note',
    value: { text: 'x'.repeat(300) },
  };
  const frames = packFrames([{ op: 'ping', id: 1 }, note, { op: 'ping', id: 3 }], 100, 'json');
  assert.deepEqual(
    frames.map((frame) => JSON.parse(frame).id),
    [1, 2, 3],
  );
});
