// Section 6 of the Autobahn case list: UTF-8 in text messages.
import { frame, op } from './raw_ws.mjs';

const bytes = (hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const echo = (payload) => ({ kind: 'text', payload });
const not_utf8 = [1007];
const span = (from, to) => Array.from({ length: to - from }, (_, i) => Buffer.of(from + i, 0x20));

const valid = (hex) => ({ send: [frame(op.text, bytes(hex))], echoes: [echo(bytes(hex))] });
const invalid = (hex) => ({ send: [frame(op.text, bytes(hex))], fails: not_utf8 });
const valid_all = (...list) => list.map(valid);
const invalid_all = (...list) => list.map(invalid);
const in_octets = (payload) => [...payload].map((b, i) =>
  frame(i === 0 ? op.text : op.more, [b], { fin: i === payload.length - 1 }));
const in_frames = (parts) => parts.map((p, i) => frame(i === 0 ? op.text : op.more, p, { fin: i === parts.length - 1 }));

const greek = 'ceba e1bdb9 cf83 cebc ceb5';  // κόσμε
const surrogate = `${greek} eda080 656469746564`;
const accents = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');

/** The good start, then what spoils it, then the rest: the server must not wait for the end. */
function early(parts, cut) {
  const [first, bad, rest] = parts.map(bytes);
  const whole = frame(op.text, Buffer.concat([first, bad, rest]));
  const head = whole.length - first.length - bad.length - rest.length;
  const at = [head + first.length, head + first.length + bad.length];
  const pieces = cut === 'frames' ? in_frames([first, bad, rest])
    : [whole.subarray(0, at[0]), whole.subarray(at[0], at[1]), whole.subarray(at[1])];
  return { send: [pieces[0], 500, pieces[1], 500, pieces[2]], fails: not_utf8, fails_at: 1 };
}
const beyond = [greek, 'f4908080', '656469746564'], just_beyond = [`${greek} f4`, '90', '8080656469746564'];

// The last two code points of each plane are no characters, and are valid all the same.
const plane_ends = Array.from({ length: 17 }, (_, p) => [0xfffe, 0xffff].map((c) =>
  Buffer.from(String.fromCodePoint(p * 0x10000 + c)).toString('hex'))).flat();
const high = ['eda080', 'edadbf', 'edae80', 'edafbf'];
const cut_short = ['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'];

const sections = {
  1: [
    { send: [frame(op.text)], echoes: [echo(Buffer.alloc(0))] },
    { send: [in_frames(['', '', ''])], echoes: [echo(Buffer.alloc(0))] },
    { send: [in_frames(['', 'in the middle', ''])], echoes: [echo(Buffer.from('in the middle'))] },
  ],
  2: [
    { send: [frame(op.text, accents)], echoes: [echo(accents)] },
    { send: [in_frames([accents.subarray(0, 15), accents.subarray(15)])], echoes: [echo(accents)] },
    { send: [in_octets(accents)], echoes: [echo(accents)] },
    { send: [in_octets(bytes(greek))], echoes: [echo(bytes(greek))] },
  ],
  3: [invalid(surrogate), { send: [in_octets(bytes(surrogate))], fails: not_utf8 }],
  4: [early(beyond, 'frames'), early(just_beyond, 'frames'), early(beyond, 'chops'), early(just_beyond, 'chops')],
  5: valid_all('68656c6c6f24776f726c64', '68656c6c6fc2a2776f726c64', '68656c6c6fe282ac776f726c64',
    '68656c6c6ff0a4ada2776f726c64', greek),
  6: Array.from({ length: 11 }, (_, n) => bytes(greek).subarray(0, n + 1).toString('hex'))
    .map((hex, n) => ([1, 4, 6, 8, 10].includes(n) ? valid(hex) : invalid(hex))),
  7: valid_all('00', 'c280', 'e0a080', 'f0908080'),
  8: invalid_all('f888808080', 'fc8480808080'),
  9: valid_all('7f', 'dfbf', 'efbfbf', 'f48fbfbf'),
  10: invalid_all('f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf'),
  11: [...valid_all('ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf'), invalid('f4908080')],
  12: invalid_all('80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf',
    Buffer.from(Array.from({ length: 63 }, (_, i) => 0x80 + i)).toString('hex')),
  13: [[0xc0, 0xdf], [0xe0, 0xef], [0xf0, 0xf7], [0xf8, 0xfb], [0xfc, 0xfd]].map(([from, to]) =>
    invalid(Buffer.concat(span(from, to)).toString('hex'))),
  14: invalid_all(...cut_short),
  15: [invalid(cut_short.join(''))],
  16: invalid_all('fe', 'ff', 'fefeffff'),
  17: invalid_all('c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'),
  18: invalid_all('c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'),
  19: invalid_all('c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'),
  20: invalid_all(...high, 'edb080', 'edbe80', 'edbfbf'),
  21: high.flatMap((h) => [invalid(`${h}edb080`), invalid(`${h}edbfbf`)]),
  22: valid_all(...plane_ends),
  23: valid_all('efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbfbe', 'efbfbf'),
};

export function utf8_cases() {
  return Object.entries(sections).flatMap(([section, cases]) =>
    cases.map((c, i) => ({ id: `6.${section}.${i + 1}`, ...c })));
}
