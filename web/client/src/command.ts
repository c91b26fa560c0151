import { nothing } from './clock.js';
import { TwinlaneError } from './errors.js';
import type { Channel, Exchange } from './exchange.js';
import type { Json } from './json.js';
import type { ClientMessage, ServerMessage } from './messages.js';

export interface CommandOptions {
  /** Only when the entity's rev is this one, else `rev_mismatch`. */
  ifRev?: number;
  /** How long to wait for the answer; 15 s without. */
  timeoutMs?: number;
}

export interface CommandAnswer {
  /** The rev that the command made. */
  rev: number;
  result: Json;
}

/**
 * Sends one message and waits for its answer, also for the connection while it is only being made. `take` is given what
 * comes back and answers true when that was all, or an error.
 *
 * Errors   what the server says; offline, disconnected, timeout, closed of errors.ts. Nothing is ever sent twice: whether
 *          what was lost with a connection was done is unknown here, and to do it again may be to do it twice
 */
export function request(
  channel: Channel,
  build: (id: number) => ClientMessage,
  timeoutMs: number,
  take: (message: ServerMessage) => boolean | TwinlaneError,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = false;
    let cancel = nothing;
    const finish = (error?: TwinlaneError): void => {
      cancel();
      channel.remove(id);
      if (error) reject(error);
      else resolve();
    };
    const exchange: Exchange = {
      didOpen: () => {
        sent = true;
        channel.send(build(id));
      },
      didReceive: (message) => {
        if (message.op === 'err') return finish(new TwinlaneError(message.code, message.message));
        const taken = take(message);
        if (taken) finish(taken === true ? undefined : taken);
      },
      didLose: () => finish(sent ? disconnected() : new TwinlaneError('offline', 'Not connected. Nothing was sent.')),
      didClose: () => finish(new TwinlaneError('closed', 'The client was closed.')),
    };
    const id = channel.add(exchange);
    cancel = channel.clock.after(timeoutMs, () => finish(new TwinlaneError('timeout', 'No answer in time.')));
    if (channel.isOpen) exchange.didOpen();
  });
}

export function disconnected(): TwinlaneError {
  return new TwinlaneError('disconnected', 'The connection was lost before the answer. It may have been done.');
}

export async function command(
  channel: Channel,
  uri: string,
  lane: string,
  value: Json,
  { ifRev, timeoutMs = 15_000 }: CommandOptions,
): Promise<CommandAnswer> {
  let answer: CommandAnswer | undefined;
  const build = (id: number): ClientMessage => ({
    op: 'cmd',
    id,
    uri,
    lane,
    value,
    ...(ifRev !== undefined && { if_rev: ifRev }),
  });
  await request(channel, build, timeoutMs, (message) => {
    if (message.op !== 'ok') return false;
    answer = { rev: message.rev, result: message.result ?? null };
    return true;
  });
  return answer as CommandAnswer;
}
