import { Badge } from '@twinlane/ui/figures';
import { bytes, count } from '@twinlane/ui/format';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CustomerFeed } from '../data/customer';
import { SlowReader, type Comparison } from '../data/slow_reader';

/** A second connection that takes one diff a second, beside the live view. */
export function SlowCard({ feed }: { feed: CustomerFeed }): JSX.Element {
  const [reader, setReader] = useState<SlowReader | undefined>();
  useEffect(() => () => reader?.close(), [reader]);
  useEffect(() => setReader(undefined), [feed]);
  return (
    <section class="card slow" aria-labelledby="slow" data-testid="slow">
      <header class="card-head">
        <h3 id="slow">Slow reader</h3>
        {reader && <ComparisonBadge compared={reader.compared.value} />}
        <button
          type="button"
          class="button button-quiet"
          data-testid="slow-toggle"
          onClick={() => setReader(reader ? undefined : new SlowReader(feed))}
        >
          {reader ? 'Stop' : 'Start'}
        </button>
      </header>
      {reader ? <Figures reader={reader} /> : <p class="empty">A second connection that takes one diff a second.</p>}
    </section>
  );
}

function ComparisonBadge({ compared }: { compared: Comparison | undefined }): JSX.Element {
  return (
    <span class="card-note" role="status" data-testid="slow-compared" data-equal={compared?.equal}>
      {compared === undefined ? (
        'comparing'
      ) : (
        <Badge tone={compared.equal ? 'good' : 'bad'}>
          {compared.equal ? 'equal' : 'differs'} at rev <span class="num">{compared.rev}</span>
        </Badge>
      )}
    </span>
  );
}

function Figures({ reader }: { reader: SlowReader }): JSX.Element {
  const { diffs, revs, bytes: size, liveDiffs } = reader.figures.value;
  const lines: [string, string, string][] = [
    ['slow-diffs', 'Its diffs', `${count(diffs)}, ${bytes(size)}`],
    ['slow-revs', 'Revs they cover', count(revs)],
    ['live-diffs', 'Diffs to the live view', count(liveDiffs)],
  ];
  return (
    <dl class="fields">
      {lines.map(([name, label, value]) => (
        <div key={name} class="field">
          <dt>{label}</dt>
          <dd class="num" data-testid={name}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
