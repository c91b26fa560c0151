import { setMember, type Json, type JsonObject } from './json.js';

const depthMax = 128;
const breakByte = 0xff;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads what JSON can say from CBOR: maps with text keys, arrays, texts, numbers, booleans, null; of known and of open
 * length. Integers beyond 2^53 come out rounded, as JSON.parse has them.
 *
 * Errors   SyntaxError for anything else: byte strings, tags, bytes that are missing or left over
 * Source   RFC 8949
 */
export class CborReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The only item there is. */
  readAll(): Json {
    const value = this.#item(0);
    this.#expectEnd();
    return value;
  }

  /** The items of an array, or the only item when it is none, with the bytes that each takes. */
  forEachItem(take: (value: Json, bytes: number) => void): void {
    const first = this.#bytes[this.#at];
    const one = () => {
      const from = this.#at;
      const value = this.#item(1);
      take(value, this.#at - from);
    };
    if (first !== undefined && first >> 5 === 4) this.#repeat(this.#head(), one);
    else one();
    this.#expectEnd();
  }

  #item(depth: number): Json {
    if (depth > depthMax) throw new SyntaxError(`CBOR is nested deeper than ${depthMax}`);
    const major = this.#peek() >> 5;
    if (major === 7) return this.#simple();
    const head = this.#head();
    switch (major) {
      case 0:
        return this.#closed(head);
      case 1:
        return -1 - this.#closed(head);
      case 3:
        return this.#text(head);
      case 4: {
        const array: Json[] = [];
        this.#repeat(head, () => array.push(this.#item(depth + 1)));
        return array;
      }
      case 5: {
        const object: JsonObject = {};
        this.#repeat(head, () => setMember(object, this.#key(), this.#item(depth + 1)));
        return object;
      }
      default:
        throw new SyntaxError(`CBOR of major type ${major} is not understood`);
    }
  }

  #key(): string {
    if (this.#peek() >> 5 !== 3) throw new SyntaxError('a CBOR map has a key that is no text');
    return this.#text(this.#head());
  }

  /** The count or number of a head; undefined when the length is open. */
  #head(): number | undefined {
    const low = this.#view.getUint8(this.#take(1)) & 31;
    if (low < 24) return low;
    if (low === 24) return this.#view.getUint8(this.#take(1));
    if (low === 25) return this.#view.getUint16(this.#take(2));
    if (low === 26) return this.#view.getUint32(this.#take(4));
    if (low === 27) return Number(this.#view.getBigUint64(this.#take(8)));
    if (low === 31) return undefined;
    throw new SyntaxError(`CBOR head ${low} is reserved`);
  }

  #closed(head: number | undefined): number {
    if (head === undefined) throw new SyntaxError('a CBOR number has no open length');
    return head;
  }

  #text(length: number | undefined): string {
    if (length !== undefined) return this.#chunk(length);
    let whole = '';
    this.#repeat(undefined, () => {
      if (this.#peek() >> 5 !== 3) throw new SyntaxError('a CBOR text has a piece that is no text');
      whole += this.#chunk(this.#closed(this.#head()));
    });
    return whole;
  }

  #chunk(length: number): string {
    const from = this.#take(length);
    if (length < 16) {
      let plain = '';
      for (let i = from; i < from + length; i += 1) {
        const c = this.#bytes[i] as number;
        if (c > 0x7f) break;
        plain += String.fromCharCode(c);
      }
      if (plain.length === length) return plain;
    }
    try {
      return strict.decode(this.#bytes.subarray(from, from + length));
    } catch {
      throw new SyntaxError('a CBOR text is not UTF-8');
    }
  }

  #simple(): Json {
    const low = this.#view.getUint8(this.#take(1)) & 31;
    if (low === 20) return false;
    if (low === 21) return true;
    if (low === 22) return null;
    if (low === 25) return halfFloat(this.#view.getUint16(this.#take(2)));
    if (low === 26) return this.#view.getFloat32(this.#take(4));
    if (low === 27) return this.#view.getFloat64(this.#take(8));
    throw new SyntaxError(`CBOR simple value ${low} is not understood`);
  }

  #repeat(count: number | undefined, one: () => void): void {
    if (count === undefined) {
      while (this.#peek() !== breakByte) one();
      this.#at += 1;
    } else {
      for (let i = 0; i < count; i += 1) one(); // a count that lies ends at the last byte
    }
  }

  #peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new SyntaxError('CBOR ends too soon');
    return byte;
  }

  /** Goes on by so many bytes, and says where they begin. */
  #take(count: number): number {
    const from = this.#at;
    if (from + count > this.#bytes.length) throw new SyntaxError('CBOR ends too soon');
    this.#at += count;
    return from;
  }

  #expectEnd(): void {
    if (this.#at !== this.#bytes.length) throw new SyntaxError('bytes follow the end of CBOR');
  }
}

function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const utf8 = new TextEncoder();

/** Writes JSON as CBOR. Members that are undefined are left out, as JSON.stringify does. */
export function encodeCbor(value: Json): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function write(value: Json | undefined, parts: Uint8Array[]): void {
  if (value === null || value === undefined) parts.push(Uint8Array.of(0xf6));
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  else if (typeof value === 'number') writeNumber(value, parts);
  else if (typeof value === 'string') {
    const text = utf8.encode(value);
    parts.push(headOf(3, text.length), text);
  } else if (Array.isArray(value)) {
    parts.push(headOf(4, value.length));
    for (const item of value) write(item, parts);
  } else {
    const members = Object.entries(value).filter(([, item]) => item !== undefined);
    parts.push(headOf(5, members.length));
    for (const [key, item] of members) {
      write(key, parts);
      write(item, parts);
    }
  }
}

function writeNumber(value: number, parts: Uint8Array[]): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    parts.push(value < 0 ? headOf(1, -1 - value) : headOf(0, value));
  } else if (Number.isFinite(value)) {
    const bytes = new Uint8Array(9);
    bytes[0] = 0xfb;
    new DataView(bytes.buffer).setFloat64(1, value);
    parts.push(bytes);
  } else {
    write(null, parts);
  }
}

function headOf(major: number, n: number): Uint8Array {
  const high = major << 5;
  if (n < 24) return Uint8Array.of(high | n);
  if (n < 0x100) return Uint8Array.of(high | 24, n);
  if (n < 0x10000) return Uint8Array.of(high | 25, n >> 8, n & 0xff);
  const wide = n >= 2 ** 32;
  const bytes = new Uint8Array(wide ? 9 : 5);
  bytes[0] = high | (wide ? 27 : 26);
  const view = new DataView(bytes.buffer);
  if (wide) view.setBigUint64(1, BigInt(n));
  else view.setUint32(1, n);
  return bytes;
}
