import { computed, signal } from '@preact/signals';
import { connect, type Status } from '@twinlane/client';

/** The one connection of these pages. */
export const client = connect(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`);

export const connection = signal<Status>(client.status);
client.onStatus((status) => (connection.value = status));

/** There was a connection and there is none now: what is shown is the last known state. */
export const stale = computed(() => connection.value.state !== 'open' && client.counts.connections > 0);

window.addEventListener('online', () => client.retryNow());
