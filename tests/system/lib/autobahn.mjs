// Runs the Autobahn case list against an echo server, judges each case, and writes the summary.
import { deflater } from './raw_deflate.mjs';
import { close_frame, fragments, op, raw_ws } from './raw_ws.mjs';
import { in_parallel } from './wait.mjs';

const patience_ms = 60_000;
export const verdicts = ['ok', 'non-strict', 'informational', 'not offered', 'failed'];
const verdict = (of, why = '') => ({ verdict: of, why });
const failed = (why) => verdict('failed', why);

const tell = (e) => `${e.kind} of ${e.payload.length} bytes`;
const same = (a, b) => a.kind === b.kind && a.payload.equals(b.payload);
const gone = (ws) => ws.ended || ws.close !== null;

/** What is wrong with what came so far, or nothing. */
function amiss(ws, echoes) {
  if (ws.faults.length > 0) return ws.faults.join(', ');
  const bad = ws.events.findIndex((e, i) => i >= echoes.length || !same(e, echoes[i]));
  if (bad < 0) return null;
  return `${tell(ws.events[bad])} came${bad < echoes.length ? ` instead of ${tell(echoes[bad])}` : ', and nothing should'}`;
}

/** Sends what the case says; answers in which of its waits the server gave up, if it did. */
async function send_all(ws, c) {
  let waits = 0, gave_up = null;
  for (const part of c.make?.() ?? c.send) {
    if (typeof part !== 'number') {
      ws.send(part, c.chop);
      continue;
    }
    if (await ws.until(() => gone(ws), part)) gave_up ??= waits;
    waits++;
  }
  return gave_up;
}

function judge_failure(ws, c, gave_up) {
  const echoes = c.echoes ?? [];
  if (!ws.ended) return failed('the connection goes on');
  if (ws.close !== null && !c.fails.includes(ws.close)) return failed(`closed with ${ws.close}`);
  if (c.fails_at !== undefined && gave_up !== null && gave_up < c.fails_at) return failed('closed too early');
  const late = c.fails_at !== undefined && gave_up === null;
  if (late) return verdict('non-strict', 'noticed only at the end of the message');
  if (ws.close === null) return verdict('non-strict', 'dropped without a close frame');
  if (ws.events.length < echoes.length) return verdict('non-strict', 'what came before the fault was not answered');
  return verdict('ok');
}

function judge_close(ws, codes) {
  if (!ws.ended) return failed('the connection stays open after the close');
  if (!codes.includes(ws.close)) return failed(ws.close === null ? 'no close frame' : `closed with ${ws.close}`);
  return verdict('ok');
}

/** We say goodbye, and the server must too. */
async function part(ws, echoes) {
  ws.send(close_frame(1000));
  await ws.until(() => ws.ended, patience_ms);
  const wrong = amiss(ws, echoes);
  return wrong ? failed(wrong) : judge_close(ws, [1000]);
}

/** One message after the other, each when the one before has come back. */
async function run_rounds(ws, times, message) {
  for (let n = 0; n < times; n++) {
    const { frames, event } = message(n);
    ws.events.length = 0;
    ws.send(frames);
    if (!await ws.until(() => ws.events.length > 0 || gone(ws), patience_ms)) return failed(`message ${n} did not come back`);
    const wrong = ws.events.length === 0 ? `closed with ${ws.close}` : amiss(ws, [event]);
    if (wrong) return failed(`message ${n}: ${wrong}`);
  }
  ws.events.length = 0;
  return part(ws, []);
}

async function run_compressed(ws, c) {
  if (!ws.extensions) return verdict('not offered');
  const one_offer = !c.offer.includes(',');
  for (const asked of c.offer.split('; ').filter((p) => one_offer && p.startsWith('server_')))
    if (!ws.extensions.includes(asked.split('=')[0])) return failed(`the answer leaves out ${asked}: ${ws.extensions}`);
  const compress = deflater(ws.extensions);
  return run_rounds(ws, c.times, (n) => {
    const payload = c.slice(n);
    return { frames: fragments(op[c.kind], compress(payload), c.cut, { rsv: 4 }), event: { kind: c.kind, payload } };
  });
}

export async function run_case(url, c) {
  const ws = await raw_ws.open(url, { offer: c.offer });
  try {
    if (c.slice) return await run_compressed(ws, c);
    if (c.each) return await run_rounds(ws, c.times, () => ({ frames: c.each, event: c.echoes[0] }));
    const echoes = c.echoes ?? [];
    const gave_up = await send_all(ws, c);
    const wait = () => ws.ended || (!c.fails && !c.closes && !c.informs && ws.events.length >= echoes.length);
    await ws.until(wait, patience_ms);
    if (c.informs) return ws.ended ? verdict('informational') : failed('the connection goes on');
    const wrong = amiss(ws, echoes);
    if (wrong) return failed(wrong);
    if (c.fails) return judge_failure(ws, c, gave_up);
    if (c.closes) return judge_close(ws, c.closes);
    if (ws.events.length < echoes.length) return failed(`${tell(echoes[ws.events.length])} did not come; closed with ${ws.close}`);
    return await part(ws, echoes);
  } finally {
    ws.destroy();
  }
}

/** Results in the order of the cases. A case that cannot even begin has failed. */
export function run_cases(url, cases, width = 8) {
  return in_parallel(cases, width, async (c) => {
    const result = await run_case(url, c).catch((e) => failed(e.message));
    return { id: c.id, ...result };
  });
}

const sections = { 1: 'Framing', 2: 'Pings and pongs', 3: 'Reserved bits', 4: 'Opcodes', 5: 'Fragmentation', 6: 'UTF-8',
  7: 'Closing', 9: 'Limits and performance', 10: 'Miscellaneous', 12: 'Compression, kinds of data',
  13: 'Compression, offers' };

/** The results as a table in Markdown, one row a section. */
export function summary(results) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const count = (of, list) => list.filter((r) => r.verdict === of).length;
  const rows = Object.entries(sections).map(([nr, title]) => {
    const of = results.filter((r) => r.id.split('.')[0] === nr);
    return row([nr, title, of.length, ...verdicts.map((v) => count(v, of))]);
  });
  const total = row(['', 'all', results.length, ...verdicts.map((v) => count(v, results))]);
  const remarks = results.filter((r) => r.why).map((r) => `- ${r.id}: ${r.verdict}, ${r.why}`);
  return [row(['section', 'of', 'cases', ...verdicts]), row(['---', '---', ...['cases', ...verdicts].map(() => '---:')]), ...rows,
    total, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n');
}
