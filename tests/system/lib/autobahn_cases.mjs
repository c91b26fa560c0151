// The published Autobahn case list (WebSocket, client against server), as a table of what is sent and what must come.
//
// send     parts in order: bytes of one or more frames, or a number of milliseconds to wait
// chop     how parts are cut into writes; see raw_ws.send
// echoes   what must come back, in order
// fails    the server must end the connection with one of these codes (or without a close frame), after the echoes
// closes   we have sent a close frame, and it must be answered with one of these codes; else the runner closes with 1000
// informs  what comes is not judged, but that the connection ends
import { close_frame, fragments, frame, op } from './raw_ws.mjs';
import { utf8_cases } from './autobahn_utf8.mjs';
import { deflate_cases } from './autobahn_deflate.mjs';

const stars = (n) => Buffer.alloc(n, '*');
const noise = (n) => Buffer.alloc(n, Buffer.from([0xfe]));
const text = (payload) => ({ kind: 'text', payload: Buffer.from(payload) });
const binary = (payload) => ({ kind: 'binary', payload: Buffer.from(payload) });
const pong = (payload = '') => ({ kind: 'pong', payload: Buffer.from(payload) });
const hello = 'Good morning, server';
const more = (payload, fin) => frame(op.more, payload, { fin });
const numbered = (prefix, cases) => cases.map((c, i) => ({ id: `${prefix}.${i + 1}`, ...c }));
const protocol_error = [1002];

const sizes = [[0], [125], [126], [127], [128], [65_535], [65_536], [65_536, 997]];
const framing = [
  ...numbered('1.1', sizes.map(([n, chop]) => ({ send: [frame(op.text, stars(n))], chop, echoes: [text(stars(n))] }))),
  ...numbered('1.2', sizes.map(([n, chop]) => ({ send: [frame(op.binary, noise(n))], chop, echoes: [binary(noise(n))] }))),
];

const ten = Array.from({ length: 10 }, (_, i) => `ping number ${i}`);
const ten_pings = { send: [ten.map((p) => frame(op.ping, p))], echoes: ten.map(pong) };
const pings = numbered('2', [
  { send: [frame(op.ping)], echoes: [pong()] },
  { send: [frame(op.ping, hello)], echoes: [pong(hello)] },
  { send: [frame(op.ping, [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])],
    echoes: [pong([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])] },
  { send: [frame(op.ping, noise(125))], echoes: [pong(noise(125))] },
  { send: [frame(op.ping, noise(126))], fails: protocol_error },
  { send: [frame(op.ping, noise(125))], chop: 1, echoes: [pong(noise(125))] },
  { send: [frame(op.pong)] },
  { send: [frame(op.pong, hello)] },
  { send: [[frame(op.pong, 'nobody asked'), frame(op.ping, hello)]], echoes: [pong(hello)] },
  ten_pings,
  { ...ten_pings, chop: 1 },
]);

// A good message, a bad frame, and a ping that must stay without an answer.
const spoilt = (bad, chop) => ({ send: [[frame(op.text, hello), bad, frame(op.ping)]], chop, echoes: [text(hello)],
  fails: protocol_error });
const alone = (bad) => ({ send: [bad], fails: protocol_error });
const reserved_bits = numbered('3', [
  alone(frame(op.text, hello, { rsv: 1 })),
  spoilt(frame(op.text, hello, { rsv: 2 })),
  spoilt(frame(op.text, hello, { rsv: 3 }), 'frame'),
  spoilt(frame(op.text, hello, { rsv: 4 }), 1),
  alone(frame(op.binary, noise(8), { rsv: 5 })),
  alone(frame(op.ping, hello, { rsv: 6 })),
  alone(frame(op.close, [0x03, 0xe8], { rsv: 7 })),
]);

const opcodes = (base) => [alone(frame(base)), alone(frame(base + 1, hello)), spoilt(frame(base + 2)),
  spoilt(frame(base + 3, hello)), spoilt(frame(base + 4, hello), 1)];
const reserved_opcodes = [...numbered('4.1', opcodes(3)), ...numbered('4.2', opcodes(11))];

const halves = [frame(op.text, 'first half, ', { fin: false }), more('second half', true)];
const whole = [text('first half, second half')];
const with_ping = { send: [[halves[0], frame(op.ping, hello), halves[1]]], echoes: [pong(hello), ...whole] };
const nothing_to_continue = (fin) => ['all', 'frame', 1].map((chop) =>
  ({ send: [[more(hello, fin), frame(op.text, hello)]], chop, fails: protocol_error }));
const twice = (fin) => ({ send: [[more('lost', fin), ...halves, more('lost', fin), ...halves]], fails: protocol_error });
const five = ['one, ', 'two, ', 'three, ', 'four, ', 'five'];
const in_five = (chop) => ({
  send: [[frame(op.text, five[0], { fin: false }), more(five[1], false), frame(op.ping, 'first')], 1000,
    [more(five[2], false), more(five[3], false), frame(op.ping, 'second'), more(five[4], true)]],
  chop, echoes: [pong('first'), pong('second'), text(five.join(''))] });
const fragmentation = numbered('5', [
  alone([frame(op.ping, 'a', { fin: false }), more('b', true)]),
  alone([frame(op.pong, 'a', { fin: false }), more('b', true)]),
  ...['all', 'frame', 1].map((chop) => ({ send: [halves], chop, echoes: whole })),
  ...['all', 'frame', 1].map((chop) => ({ ...with_ping, chop })),
  ...nothing_to_continue(true),
  ...nothing_to_continue(false),
  { send: [[...halves, more(hello, false), frame(op.text, hello)]], echoes: whole, fails: protocol_error },
  twice(false),
  twice(true),
  alone([halves[0], frame(op.text, 'second half')]),
  in_five('all'),
  in_five('frame'),
]);

const close = (payload) => frame(op.close, payload);
const goodbye = close_frame(1000);
const closing = [
  ...numbered('7.1', [
    { send: [frame(op.text, hello)], echoes: [text(hello)] },
    { send: [[goodbye, goodbye]], closes: [1000] },
    { send: [[goodbye, frame(op.ping)]], closes: [1000] },
    { send: [[goodbye, frame(op.text, hello)]], closes: [1000] },
    { send: [[halves[0], goodbye, halves[1]]], closes: [1000] },
    { send: [[frame(op.text, stars(256 * 1024)), frame(op.text, hello), goodbye, frame(op.ping)]], informs: true },
  ]),
  ...numbered('7.3', [
    { send: [close('')], closes: [1000, 1005] },
    alone(close('a')),
    { send: [goodbye], closes: [1000] },
    { send: [close_frame(1000, 'a reason')], closes: [1000] },
    { send: [close_frame(1000, stars(123))], closes: [1000] },
    alone(close_frame(1000, stars(124))),
  ]),
  { id: '7.5.1', send: [close_frame(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex'))],
    fails: [1002, 1007] },
  ...numbered('7.7', [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) =>
    ({ send: [close_frame(code)], closes: [1000, code] }))),
  ...numbered('7.9', [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code) => alone(close_frame(code)))),
  ...numbered('7.13', [5000, 65_535].map((code) => ({ send: [close_frame(code)], informs: true }))),
];

/** scale: how much of each size is sent. */
function limits(scale) {
  const KiB = 1024 * scale, MiB = 1024 * KiB;
  const of = (kind, n) => (kind === op.text ? [stars(n), text] : [noise(n), binary]);
  const echoed = (kind, n, cut, chop) => {
    const [payload, event] = of(kind, n);
    return { make: () => [fragments(kind, payload, cut ?? Infinity)], chop, echoes: [event(payload)] };
  };
  const large = (kind) => [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB].map((n) => echoed(kind, n));
  const cut = (kind) => [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536].map((f) => echoed(kind, 4 * MiB, f * 64));
  const chopped = (kind) => [64, 128, 256, 512, 1024, 2048].map((chop) => echoed(kind, MiB, undefined, chop));
  // Each is sent when the one before has come back.
  const many = (kind) => [0, 16, 64, 256, 1024, 4096].map((n) => {
    const [payload, event] = of(kind, n);
    return { each: frame(kind, payload), times: Math.ceil(1000 * scale), echoes: [event(payload)] };
  });
  return [large, cut, chopped, many].flatMap((section, i) =>
    [op.text, op.binary].flatMap((kind, k) => numbered(`9.${2 * i + k + 1}`, section(kind))));
}

const fragmented_by_itself = { id: '10.1.1', send: [fragments(op.text, stars(65_536), 1300)], echoes: [text(stars(65_536))] };

/** All cases in order. */
export function autobahn_cases({ scale = 1 } = {}) {
  return [...framing, ...pings, ...reserved_bits, ...reserved_opcodes, ...fragmentation, ...utf8_cases(), ...closing,
    ...limits(scale), fragmented_by_itself, ...deflate_cases(scale)];
}
