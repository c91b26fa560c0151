import { TwinlaneError } from './errors.js';

/** The part of a WebSocket that the client uses; that of browsers, Node from 22 on and the package `ws` have it. */
export interface WebSocketLike {
  binaryType: string;
  readonly protocol: string;
  readonly bufferedAmount: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: string | Uint8Array): void;
  close(code?: number): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The WebSocket of this place, when none is given. */
export function defaultWebSocket(): WebSocketConstructor {
  const here = (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (here) return here;
  throw new TwinlaneError(
    'no_websocket',
    "This version of Node has no WebSocket. Install the package 'ws' and pass { WebSocket: ws }.",
  );
}
