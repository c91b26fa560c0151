import type { Clock } from './clock.js';
import type { ClientMessage, ServerMessage } from './messages.js';

/** What goes on under one id: a subscription, a command, a query. */
export interface Exchange {
  /** The connection is open: now is the time to send. */
  didOpen(): void;
  didReceive(message: ServerMessage, bytes: () => number): void;
  /** The connection was lost, or could not be had. */
  didLose(): void;
  /** The client was closed. */
  didClose(): void;
}

/** What the client has counted since it began. */
export interface Counts {
  /** Connections that were opened. */
  connections: number;
  snapshots: number;
  /** Subscriptions that went on after a loss without a snapshot. */
  resumed: number;
  diffs: number;
  /** Diffs that did not follow on the state held; each led to a new subscription. */
  mismatches: number;
}

/** The client, as its exchanges see it. */
export interface Channel {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counts: Counts;
  readonly isOpen: boolean;
  /** Takes the exchange in under a new id; it is told of messages with that id from now on. */
  add(exchange: Exchange): number;
  remove(id: number): void;
  /** Sends, when the connection is open. */
  send(message: ClientMessage): void;
}
