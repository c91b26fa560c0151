// permessage-deflate (RFC 7692) for tests: compresses our messages and expands the server's.
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

const tail = Buffer.from([0, 0, 0xff, 0xff]);
const finishFlush = constants.Z_SYNC_FLUSH;
const bits = (extensions, side) => Number(new RegExp(`${side}_max_window_bits="?(\\d+)`).exec(extensions)?.[1] ?? 15);

/** What both sides remember of the messages before, given to zlib as a dictionary. */
class memory {
  constructor(extensions, side) {
    this.size = 1 << bits(extensions, side);
    this.forgets = extensions.includes(`${side}_no_context_takeover`);
    this.text = Buffer.alloc(0);
  }

  options() {
    return this.text.length > 0 ? { finishFlush, dictionary: this.text } : { finishFlush };
  }

  keep(text) {
    if (!this.forgets) this.text = Buffer.concat([this.text, text]).subarray(-this.size);
  }
}

/** Expands the server's messages, which must come in order. */
export function inflater(extensions) {
  const before = new memory(extensions, 'server');
  const windowBits = bits(extensions, 'server');
  return (bytes) => {
    const text = inflateRawSync(Buffer.concat([bytes, tail]), { ...before.options(), windowBits });
    before.keep(text);
    return text;
  };
}

/** Compresses messages as far as was negotiated. */
export function deflater(extensions) {
  const before = new memory(extensions, 'client');
  const windowBits = Math.max(9, bits(extensions, 'client'));  // zlib has no raw stream of 8
  return (message) => {
    const text = Buffer.from(message);
    const out = deflateRawSync(text, { ...before.options(), windowBits });
    before.keep(text);
    return out.subarray(0, out.length - tail.length);
  };
}
