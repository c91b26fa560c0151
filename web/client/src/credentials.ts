import { nothing, type Clock } from './clock.js';

/**
 * Why a token is asked for: the connection begins, the last token ends soon, or the server refused the last one. Who
 * keeps tokens must get a new one for the latter two.
 */
export type TokenReason = 'connect' | 'renew' | 'refused';

/** A token, or what gets one. To answer undefined is to give up. */
export type TokenSource = string | ((reason: TokenReason) => string | undefined | Promise<string | undefined>);

const againMs = 5_000;

/** The token of a connection, and its renewal before it ends. */
export class Credentials {
  readonly #source: TokenSource;
  readonly #clock: Clock;
  #refused = false;
  #cancel = nothing;

  constructor(source: TokenSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** The token to connect with; undefined: there is none to be had. */
  async forConnection(): Promise<string | undefined> {
    if (this.#refused && typeof this.#source === 'string') return undefined;
    const token = await this.#ask(this.#refused ? 'refused' : 'connect');
    this.#refused = false;
    return token;
  }

  wasRefused(): void {
    this.#refused = true;
  }

  /** Gets another token before this one ends, hands it to `send`, and so on until stop(). */
  renewBeforeEnd(token: string, send: (token: string) => void): void {
    this.stop();
    const end = endOfToken(token);
    if (end === undefined || typeof this.#source === 'string') return;
    const left = end - this.#clock.now();
    if (left <= 0) return; // the server will say so
    this.#cancel = this.#clock.after(left - Math.min(60_000, left / 5), () => void this.#renew(token, send));
  }

  stop(): void {
    this.#cancel();
    this.#cancel = nothing;
  }

  async #renew(old: string, send: (token: string) => void): Promise<void> {
    let stopped = false;
    this.#cancel = () => {
      stopped = true;
    };
    const token = await this.#ask('renew').catch(() => undefined);
    if (stopped) return;
    if (token === undefined || token === old) {
      this.#cancel = this.#clock.after(againMs, () => void this.#renew(old, send));
      return;
    }
    send(token);
    this.renewBeforeEnd(token, send);
  }

  async #ask(reason: TokenReason): Promise<string | undefined> {
    return typeof this.#source === 'string' ? this.#source : this.#source(reason);
  }
}

/** When a JWT ends, in milliseconds since the epoch; undefined when it does not say. Nothing is verified here. */
export function endOfToken(token: string): number | undefined {
  try {
    const payload = (token.split('.')[1] as string).replace(/-/g, '+').replace(/_/g, '/');
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** The subprotocol that carries a token where a browser can set no header. */
export function bearerProtocol(token: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(token));
  return `bearer.${btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}`;
}
