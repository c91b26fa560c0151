// The client as npm publishes it, for tests of it against a running server.
import WebSocket from 'ws';
import { connect as connect_to } from '../../../web/client/dist/index.js';
import { defer } from './app.mjs';

export { TwinlaneError } from '../../../web/client/dist/index.js';

/** Connects, and closes with the test. Attempts follow each other quickly. */
export function connect(t, urls, options = {}) {
  const client = connect_to(urls, { WebSocket, firstRetryMs: 20, retryMsMax: 100, ...options });
  defer(t, () => client.close());
  return client;
}

/** The first state of something followed for which f answers true. */
export function state_when(followed, what, f, { deadline_ms = 15_000 } = {}) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      end();
      reject(new Error(`waited ${deadline_ms} ms for ${what}; it is ${JSON.stringify(followed.get()).slice(0, 500)}`));
    }, deadline_ms);
    let end = () => {};
    let done = false;
    end = followed.subscribe((state) => {
      if (done || !f(state)) return;
      done = true;
      clearTimeout(timer);
      queueMicrotask(() => end());
      resolve(state);
    });
  });
}
