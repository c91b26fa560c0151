// Records that cannot be applied, each with the reason that its dead letter must give.
const deep = '['.repeat(10_000) + ']'.repeat(10_000);

/** text: UTF-8; bytes: as they are; repeat: [before, unit, times, after]. `lines`: can it be a line of a file? */
export const bad_values = [
  { what: 'not JSON', text: 'nonsense', reason: 'bad_json' },
  { what: 'cut off', text: '{"id":"1","n":', reason: 'bad_json' },
  { what: 'two values', text: '{"id":"1","n":1} {"id":"1"}', reason: 'bad_json' },
  { what: 'single quotes', text: "{'id':'1'}", reason: 'bad_json' },
  { what: 'a bare NaN', text: '{"id":"1","n":NaN}', reason: 'bad_json' },
  { what: 'a lone escape', text: '{"id":"1","n":"\\x"}', reason: 'bad_json' },
  { what: 'empty', text: '', reason: 'empty', lines: false },
  { what: '10,000-deep nesting', text: `{"id":"1","n":${deep}}`, reason: 'too_deep' },
  { what: 'invalid UTF-8', bytes: Buffer.concat([Buffer.from('{"id":"1","n":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')]),
    reason: 'bad_utf8' },
  { what: 'an overlong form', bytes: Buffer.concat([Buffer.from('{"id":"1","n":"'), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]),
    reason: 'bad_utf8' },
  { what: 'an array', text: '[1,2]', reason: 'bad_value' },
  { what: 'a number', text: '17', reason: 'bad_value' },
  { what: 'an object as id', text: '{"id":{"a":1}}', reason: 'bad_value' },
  { what: 'a boolean as id', text: '{"id":true}', reason: 'bad_value' },
  { what: 'a number beyond all doubles', text: '{"id":"1","n":1e999}', reason: 'bad_value' },
  { what: 'no route field', text: '{"n":1}', reason: 'missing_field' },
  { what: 'a null route field', text: '{"id":null,"n":1}', reason: 'missing_field' },
];

export const huge = { what: '50 MB', repeat: ['{"id":"1","n":"', 'abcdefghij', 5_000_000, '"}'], reason: 'too_large' };

/** The bytes of one of the above. */
export function bytes_of(bad) {
  if (bad.bytes) return bad.bytes;
  if (bad.repeat) return Buffer.from(bad.repeat[0] + bad.repeat[1].repeat(bad.repeat[2]) + bad.repeat[3]);
  return Buffer.from(bad.text);
}

/** Is the letter's value the record's bytes, whole or cut? */
export function carries(letter, bytes) {
  const kept = Buffer.from(letter.value ?? '', letter.value_encoding === 'base64' ? 'base64' : 'utf8');
  const whole = (letter.value_bytes ?? kept.length) === bytes.length || letter.detail.includes(`${bytes.length} bytes`);
  return whole && kept.length > 0 === bytes.length > 0 && bytes.subarray(0, kept.length).equals(kept);
}
