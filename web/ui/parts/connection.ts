import { signal } from '@preact/signals';
import { Client, type Status } from '@twinlane/client';

/** The one connection of these pages. */
export const client = new Client({ url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws` });

export const connection = signal<Status>(client.status);
client.onStatus((status) => (connection.value = status));

window.addEventListener('online', () => client.retryNow());
