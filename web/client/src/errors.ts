/**
 * Why something was not done. `code` is the server's (`no_such_lane`, `rev_mismatch`, …, see docs/protocol.md) or one of
 * the client's own:
 *
 *   offline        not connected, nothing was sent: safe to do again
 *   disconnected   the connection was lost before the answer: it may or may not have been done
 *   timeout        no answer in time: it may or may not have been done
 *   closed         close() was called first
 *   unauthorized   the server took no token, and no further one is to be had
 *   too_busy       too much waits to be sent already
 *   too_large      the message is larger than the server takes
 *   no_websocket   this place has no WebSocket: give one in the options
 */
export class TwinlaneError extends Error {
  readonly code: string;
  override readonly name = 'TwinlaneError';

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Calls back a reader. What that throws is reported as any uncaught error is, by a task of its own in Node, and keeps
 * neither the client nor the other readers from going on.
 */
export function callSafely(callback: () => void): void {
  try {
    callback();
  } catch (thrown) {
    const { reportError } = globalThis as { reportError?: (error: unknown) => void };
    if (reportError) reportError(thrown);
    else
      queueMicrotask(() => {
        throw thrown;
      });
  }
}
