// Runs the whole Autobahn case list, and writes the table in docs/autobahn.md anew.
// node tests/system/autobahn_report.mjs [INDEX_JSON of the published suite's own run]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, start_app } from './lib/app.mjs';
import { run_cases, summary } from './lib/autobahn.mjs';
import { autobahn_cases } from './lib/autobahn_cases.mjs';

const page = join(root, 'docs/autobahn.md');

/** Replaces what stands between two marks of the page. */
function put(mark, text) {
  const before = readFileSync(page, 'utf8');
  const after = before.replace(new RegExp(`(<!-- ${mark} -->\n)[^]*?(<!-- /${mark} -->)`), (_, begin, end) => `${begin}${text}\n${end}`);
  writeFileSync(page, after);
}

// The suite's words for our verdicts.
const words = { OK: 'ok', 'NON-STRICT': 'non-strict', INFORMATIONAL: 'informational', UNIMPLEMENTED: 'not offered' };
function published(file) {
  const [cases] = Object.values(JSON.parse(readFileSync(file, 'utf8')));
  return Object.entries(cases).map(([id, c]) => {
    const both = [c.behavior, c.behaviorClose].map((b) => words[b] ?? 'failed');
    return { id, verdict: both.find((v) => v === 'failed') ?? both[0] };
  });
}

const ends = [];
const app = await start_app({ after: (f) => ends.push(f) }, { name: 'echo_app' });
const results = await run_cases(app.ws_url, autobahn_cases());
await app.stop();
for (const end of ends) await end();
put('ours', summary(results));
if (process.argv[2]) put('published', summary(published(process.argv[2])));
const bad = results.filter((r) => r.verdict === 'failed').length;
console.log(`${results.length} cases, ${bad} failed`);
process.exitCode = bad > 0 ? 1 : 0;
