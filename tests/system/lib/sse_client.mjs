// Follows one entity by server-sent events and folds the diffs.
import { get } from 'node:http';
import { merge_patch } from './twin_client.mjs';

export function follow(url) {
  const state = { rev: null, lineage: null, lanes: null, snaps: 0, diffs: 0, breaches: [], last_id: null, ended: false };
  state.first = new Promise((resolve, reject) => {
    state.request = get(url, { headers: { accept: 'text/event-stream' } }, (r) => {
      if (r.statusCode !== 200) return reject(new Error(`SSE: ${r.statusCode}`));
      let rest = '';
      r.setEncoding('utf8');
      r.on('data', (text) => {
        const events = (rest + text).split('\n\n');
        rest = events.pop();
        for (const e of events) {
          take(state, e);
          if (state.snaps === 1) resolve(state);
        }
      });
      r.on('close', () => { state.ended = true; });
      r.on('error', () => {});
    });
    state.request.on('error', reject);
  });
  state.close = () => state.request.destroy();
  return state;
}

function take(state, text) {
  const event = { name: '', data: '' };
  for (const line of text.split('\n')) {
    if (line.startsWith('event:')) event.name = line.slice(6).trim();
    if (line.startsWith('data:')) event.data += line.slice(5).trim();
    if (line.startsWith('id:')) state.last_id = line.slice(3).trim();
  }
  if (!event.name) return;
  const m = JSON.parse(event.data);
  if (event.name === 'snap') {
    Object.assign(state, { rev: m.rev, lineage: m.lineage, lanes: m.lanes });
    state.snaps++;
  } else if (event.name === 'diff') {
    if (m.from !== state.rev) state.breaches.push(`diff from ${m.from} at ${state.rev}`);
    state.lanes = merge_patch(state.lanes, m.patch);
    state.rev = m.rev;
    state.diffs++;
  }
  if (state.last_id !== `${state.lineage}:${state.rev}`)
    state.breaches.push(`id ${state.last_id} at ${state.lineage}:${state.rev}`);
}
