import { Badge, RelativeTime, type Tone } from '@twinlane/ui/figures';
import { timeOfDay } from '@twinlane/ui/format';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { LifeFeed } from '../data/life';

const tones: Record<string, Tone> = {
  started: 'good',
  activated: 'info',
  passivated: 'plain',
  stopped: 'warn',
  deleted: 'bad',
};

/** What the customer went through since the page was opened, newest first. */
export function LifeStrip({ uri }: { uri: string }): JSX.Element {
  const feed = useMemo(() => new LifeFeed(uri), [uri]);
  useEffect(() => () => feed.close(), [feed]);
  const events = feed.events.value;
  return (
    <section class="card life" aria-labelledby="life" data-testid="life">
      <h3 id="life">Life</h3>
      {events.length === 0 ? (
        <p class="life-none">Nothing since this page was opened</p>
      ) : (
        <ol class="life-events" tabIndex={0} aria-label="Life, newest first">
          {events.map(({ seq, event, at, cause }) => (
            <li key={seq} data-life={event}>
              <Badge tone={tones[event] ?? 'plain'}>{event}</Badge>
              {cause && <span class="life-cause">{cause}</span>}
              <span class="life-time num" title={new Date(at).toLocaleString('en-GB')}>
                {timeOfDay(at)}
              </span>
              <RelativeTime at={at} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
