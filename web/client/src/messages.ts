import { isObject, type Json, type JsonObject } from './json';

/** What a server sends; a frame holds one of these or an array of them. */
export type ServerMessage =
  | SnapMessage
  | DiffMessage
  | { op: 'event'; id: number; lane: string; value: Json; dropped: number }
  | { op: 'life'; id: number; event: string; at: number; cause?: string }
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

/** What a client sends. */
export type ClientMessage =
  | { op: 'sub'; id: number; uri: string; lanes?: string[]; life?: boolean }
  | { op: 'unsub'; id: number }
  | { op: 'cmd'; id: number; uri: string; lane: string; value: Json; if_rev?: number }
  | { op: 'ping'; id: number };

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

/** Reads one frame. Throws SyntaxError when it is not JSON; members that are no messages are left out. */
export function decodeFrame(text: string): Received[] {
  const frame: unknown = JSON.parse(text);
  if (!Array.isArray(frame)) return isMessage(frame) ? [{ message: frame, bytes: () => wireBytes(text) }] : [];
  return frame.filter(isMessage).map((message) => ({ message, bytes: () => wireBytes(JSON.stringify(message)) + 1 }));
}

function isMessage(value: unknown): value is ServerMessage {
  return isObject(value) && typeof value['op'] === 'string';
}

/** Joins messages into as few frames as stay under `bytesMax` each; a message above it goes alone. */
export function packFrames(messages: ClientMessage[], bytesMax: number): string[] {
  const frames: string[] = [];
  let parts: string[] = [];
  let size = 0;
  const flush = () => {
    if (parts.length > 0) frames.push(parts.length === 1 ? (parts[0] as string) : `[${parts.join(',')}]`);
    parts = [];
    size = 0;
  };
  for (const message of messages) {
    const text = JSON.stringify(message);
    const bytes = wireBytes(text) + 1;
    if (size + bytes + 1 > bytesMax) flush();
    parts.push(text);
    size += bytes;
  }
  flush();
  return frames;
}
