// The published Autobahn case list against the server's own WebSocket sessions, with an echo for what they speak.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assert_stops_well, long, missing, root, start_app } from './lib/app.mjs';
import { run_cases, summary } from './lib/autobahn.mjs';
import { autobahn_cases } from './lib/autobahn_cases.mjs';

test('no case of the Autobahn list fails, and docs/autobahn.md says what came', { skip: missing('echo_app') }, async (t) => {
  const app = await start_app(t, { name: 'echo_app' });
  const results = await run_cases(app.ws_url, autobahn_cases({ scale: long ? 1 : 1 / 64 }));
  assert.deepEqual(results.filter((r) => r.verdict === 'failed'), []);
  const made = summary(results);
  t.diagnostic(made.split('\n').find((line) => line.includes('| all |')));
  const page = readFileSync(join(root, 'docs/autobahn.md'), 'utf8');
  assert.ok(page.includes(made), `docs/autobahn.md has another table. Make it anew: node tests/system/autobahn_report.mjs\n${made}`);
  await assert_stops_well(assert, app);
});
