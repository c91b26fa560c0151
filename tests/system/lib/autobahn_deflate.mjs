// Sections 12 and 13 of the Autobahn case list: permessage-deflate, over data of five kinds and offers of seven.
// The published list's data is a novel, a picture, a document, JSON and HTML; ours is made here, of the same kinds.
const length = 131_072;

// A small generator of our own, so that a run can be repeated (xorshift).
function random(seed) {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

const words = 'Zeit Bühne Geister Wort Himmel Welt Hölle wandelt bedächtig Schnelle über wir sehen nicht mehr und doch'.split(' ');
function until_full(seed, piece) {
  const next = random(seed);
  const parts = [];
  for (let n = 0; n < 2 * length;) {
    const p = piece(next);
    parts.push(p);
    n += p.length;
  }
  return Buffer.concat(parts.map((p) => Buffer.from(p)));
}

const json = until_full(1, (r) => JSON.stringify({ id: r() % 100_000, name: words[r() % words.length], score: r() / 7 }) + ',');
const html = until_full(2, (r) => `<tr><td class="c${r() % 9}">${words[r() % words.length]}</td></tr>\n`);
const novel = until_full(3, (r) => words[r() % words.length] + (r() % 11 === 0 ? '.\n' : ' '));
const picture = until_full(4, (r) => Buffer.from([128 + (r() % 16), 120 + (r() % 16), 130 + (r() % 4)]));
const packed = until_full(5, (r) => Buffer.from([r(), r() >> 8, r() >> 16, r() >> 24]));

const shapes = [...[16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072].map((n) => [n, Infinity]),
  ...[8192, 16_384, 32_768, 65_536, 131_072].map((n) => [n, 256]), [131_072, 1024], [131_072, 4096], [131_072, 32_768]];

const sources = [['text', json], ['binary', picture], ['binary', novel], ['text', html], ['binary', packed]];
const offer = (forget, bits) => ['permessage-deflate', 'client_max_window_bits', ...(forget ? ['server_no_context_takeover'] : []),
  ...(bits ? [`server_max_window_bits=${bits}`] : [])].join('; ');
const offers = [[[false, 0]], [[true, 0]], [[false, 9]], [[false, 15]], [[true, 9]], [[true, 15]],
  [[true, 9], [true, 0], [false, 0]]].map((list) => list.map((o) => offer(...o)).join(', '));

// A window over the data that moves on, at character boundaries where it is text.
function slices(data, text, bytes) {
  const start = (at) => {
    while (text && (data[at] & 0xc0) === 0x80) at++;
    return at;
  };
  return (n) => {
    const from = start((n * 977) % (data.length - bytes - 4));
    return data.subarray(from, start(from + bytes));
  };
}

export function deflate_cases(scale) {
  const times = Math.ceil(1000 * Math.min(1, scale));
  const section = (prefix, [kind, data], extension) => shapes.map(([bytes, cut], i) =>
    ({ id: `${prefix}.${i + 1}`, offer: extension, kind, cut, times, slice: slices(data, kind === 'text', bytes) }));
  return [...sources.flatMap((s, i) => section(`12.${i + 1}`, s, offer(false, 0))),
    ...offers.flatMap((o, i) => section(`13.${i + 1}`, sources[0], o))];
}
