import { batch, computed, signal } from '@preact/signals';
import { connect, type Client, type Status } from '@twinlane/client';
import { token } from './credentials';

/** Where the server's WebSocket is. */
export const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;

/** The one connection of these pages; signIn() puts another one in its place. */
export let client = open();

export const connection = signal<Status>(client.status);

/** There was a connection and there is none now: what is shown is the last known state. */
export const stale = computed(() => connection.value.state !== 'open' && client.counts.connections > 0);

/** Connects anew, with this token. What was followed before has ended; who shows it follows it anew. */
export function signIn(fresh: string): void {
  batch(() => {
    token.value = fresh;
    client.close();
    client = open();
    connection.value = client.status;
  });
}

function open(): Client {
  const fresh = token.peek();
  const opened = connect(socketUrl, fresh === undefined ? {} : { token: fresh });
  opened.onStatus((status) => {
    if (opened === client) connection.value = status;
  });
  return opened;
}

window.addEventListener('online', () => client.retryNow());
