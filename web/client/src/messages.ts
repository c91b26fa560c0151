import { CborReader, encodeCbor } from './cbor.js';
import { isObject, type Json, type JsonObject } from './json.js';

/** What a server sends; a frame holds one of these or an array of them. */
export type ServerMessage =
  | SnapMessage
  | DiffMessage
  | { op: 'event'; id: number; lane: string; value: Json; dropped: number }
  | { op: 'life'; id: number; event: string; at: number; cause?: string }
  | RowMessage
  | { op: 'done'; id: number; reason: string }
  | { op: 'ok'; id: number; rev: number; result: Json }
  | { op: 'err'; id?: number; code: string; message: string }
  | { op: 'pong'; id: number };

export interface SnapMessage {
  op: 'snap';
  id: number;
  uri: string;
  lineage: string;
  rev: number;
  exists: boolean;
  /** Nothing was missed up to `rev`: there are no lanes, and the state is what it was. */
  resumed?: boolean;
  lanes?: JsonObject;
}

export interface DiffMessage {
  op: 'diff';
  id: number;
  from: number;
  rev: number;
  patch: JsonObject;
}

export interface RowMessage {
  op: 'row';
  id: number;
  key: string | null;
  value: Json;
  rev?: number;
  dropped?: number;
}

/** What a client sends. */
export type ClientMessage =
  | {
      op: 'sub';
      id: number;
      uri: string;
      lanes?: readonly string[];
      fields?: readonly string[];
      resume?: { lineage: string; rev: number };
      max_rate?: number;
      life?: boolean;
    }
  | { op: 'unsub'; id: number }
  | { op: 'cmd'; id: number; uri: string; lane: string; value: Json; if_rev?: number }
  | {
      op: 'query';
      id: number;
      uri: string;
      lane: string;
      limit?: number;
      order?: 'newest' | 'oldest';
      follow?: boolean;
      from?: 'start' | 'now';
    }
  | { op: 'auth'; token: string }
  | { op: 'ping'; id: number };

/** How messages are written: JSON as text, CBOR as bytes. */
export type Encoding = 'json' | 'cbor';

const utf8 = new TextEncoder();

/** Bytes that a text takes on the wire. */
export function wireBytes(text: string): number {
  return utf8.encode(text).length;
}

/** A message with the bytes it took within its frame, counted only when somebody asks. */
export interface Received {
  message: ServerMessage;
  bytes: () => number;
}

/**
 * Reads one frame; members that are no messages are left out.
 *
 * Errors   SyntaxError when it is neither JSON nor, in bytes, CBOR
 */
export function decodeFrame(data: string | ArrayBuffer): Received[] {
  return typeof data === 'string' ? decodeText(data) : decodeBytes(new Uint8Array(data));
}

function decodeText(text: string): Received[] {
  const frame: unknown = JSON.parse(text);
  if (!Array.isArray(frame)) return isMessage(frame) ? [{ message: frame, bytes: () => wireBytes(text) }] : [];
  return frame.filter(isMessage).map((message) => ({ message, bytes: () => wireBytes(JSON.stringify(message)) + 1 }));
}

function decodeBytes(data: Uint8Array): Received[] {
  const received: Received[] = [];
  const reader = new CborReader(data);
  reader.forEachItem((message, size) => {
    if (isMessage(message)) received.push({ message, bytes: () => size });
  });
  return received;
}

function isMessage(value: unknown): value is ServerMessage {
  return isObject(value) && typeof value['op'] === 'string';
}

/** Joins messages into as few frames as stay under `bytesMax` each; a message above it goes alone. */
export function packFrames(messages: ClientMessage[], bytesMax: number, encoding: 'json'): string[];
export function packFrames(messages: ClientMessage[], bytesMax: number, encoding: 'cbor'): Uint8Array[];
export function packFrames(messages: ClientMessage[], bytesMax: number, encoding: Encoding): (string | Uint8Array)[];
export function packFrames(messages: ClientMessage[], bytesMax: number, encoding: Encoding): (string | Uint8Array)[] {
  const frames: (string | Uint8Array)[] = [];
  let parts: (string | Uint8Array)[] = [];
  let size = 0;
  const flush = () => {
    if (parts.length > 0) frames.push(joined(parts));
    parts = [];
    size = 0;
  };
  for (const message of messages) {
    const part = encodeMessage(message, encoding);
    const bytes = messageBytes(part) + 1;
    if (size + bytes + 1 > bytesMax) flush();
    parts.push(part);
    size += bytes;
  }
  flush();
  return frames;
}

export function encodeMessage(message: ClientMessage, encoding: Encoding): string | Uint8Array {
  return encoding === 'cbor' ? encodeCbor(message as unknown as Json) : JSON.stringify(message);
}

export function messageBytes(encoded: string | Uint8Array): number {
  return typeof encoded === 'string' ? wireBytes(encoded) : encoded.length;
}

function joined(parts: (string | Uint8Array)[]): string | Uint8Array {
  if (parts.length === 1) return parts[0] as string | Uint8Array;
  if (typeof parts[0] === 'string') return `[${parts.join(',')}]`;
  const chunks = parts as Uint8Array[];
  const frame = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 2));
  frame[0] = 0x9f; // an array whose end is marked
  let at = 1;
  for (const chunk of chunks) {
    frame.set(chunk, at);
    at += chunk.length;
  }
  frame[at] = 0xff;
  return frame;
}
