import { signal } from '@preact/signals';
import type { Follow } from '@twinlane/client';
import { client } from '@twinlane/ui/connection';

/** Something in an agent's life, with its time and cause. */
export interface LifeEvent {
  seq: number;
  event: string;
  at: number;
  cause: string | undefined;
}

const eventsMax = 20;

/** The life of one agent. To follow it does not bring the agent into memory. */
export class LifeFeed {
  /** Newest first. */
  readonly events = signal<readonly LifeEvent[]>([]);
  readonly #follow: Follow;
  #seq = 0;

  constructor(uri: string) {
    this.#follow = client.follow(uri, {
      lanes: [],
      life: true,
      onLife: ({ event, at, cause }) => {
        this.#seq += 1;
        const next = { seq: this.#seq, event, at: at || Date.now(), cause };
        this.events.value = [next, ...this.events.peek()].slice(0, eventsMax);
      },
    });
  }

  close(): void {
    this.#follow.close();
  }
}
