import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Badge, type Tone } from '../../parts/figures';
import { Flash } from '../../parts/flash';
import { count, figure } from '../../parts/format';
import { followSources, sources, type Source } from '../data/sources';

const tones: Record<string, Tone> = {
  running: 'good',
  ended: 'info',
  waiting: 'warn',
  starting: 'warn',
  failed: 'bad',
};

/** Where events come from, and how that goes. */
export function Sources(): JSX.Element | null {
  useEffect(() => followSources(), []);
  if (sources.value.length === 0) return null;
  return (
    <section class="card sources" aria-labelledby="sources">
      <header class="card-head">
        <h2 id="sources">Sources</h2>
      </header>
      <ul>
        {sources.value.map((source) => (
          <SourceLine key={source.source} source={source} />
        ))}
      </ul>
    </section>
  );
}

function SourceLine({ source }: { source: Source }): JSX.Element {
  const { partitions, kind, state = 'running', problem, rate, dead_letters: dead } = source;
  const applied = partitions.reduce((sum, p) => sum + p.applied, 0);
  const lags = partitions.map((p) => p.lag).filter((lag) => lag !== null);
  const paused = partitions.filter((p) => p.paused).length;
  return (
    <li class="source" data-source={source.source}>
      <b>{source.source}</b>
      <span class="source-kind">{kind}</span>
      <Badge tone={tones[state] ?? 'plain'}>{state}</Badge>
      <span class="source-figures num">
        <Flash value={count(applied)} /> applied, {figure(rate)}/s
        {lags.length > 0 && `, lag ${count(lags.reduce((sum, lag) => sum + lag, 0))}`}
        {dead > 0 && <span class="tone-warn">, {count(dead)} dead letters</span>}
        {paused > 0 && `, ${count(paused)} of ${count(partitions.length)} partitions paused`}
      </span>
      {problem && <span class="source-problem">{problem}</span>}
    </li>
  );
}
