import { Tile } from '@twinlane/ui/figures';
import { count, figure, milliseconds } from '@twinlane/ui/format';
import { eventRates, figures } from '@twinlane/ui/metrics';
import { Sparkline } from '@twinlane/ui/sparkline';
import type { JSX } from 'preact';
import { diffsSeen } from '../data/customers';
import { directory } from '../data/directory';

/** What the server does right now, and its totals. */
export function ServerStrip(): JSX.Element {
  const now = figures.value;
  const show = (value: number | undefined, format: (n: number) => string) =>
    value === undefined ? '–' : format(value);
  const listed = directory.value;
  return (
    <dl class="strip" aria-label="Server figures">
      <Tile
        label="Events"
        value={show(now?.eventsPerSecond, figure)}
        unit="/s"
        testid="events-rate"
        note="Events applied per second, over the last two seconds"
      >
        <Sparkline values={eventRates.value} width={72} height={20} class="tile-spark" />
      </Tile>
      <Tile
        label="Event to socket, p50"
        shortLabel="To socket, p50"
        value={show(now?.p50Ms, milliseconds)}
        unit="ms"
        testid="push-p50"
        note="From an event's arrival in the process to its diff on the socket: half are faster"
      />
      <Tile
        label="Event to socket, p99"
        shortLabel="To socket, p99"
        value={show(now?.p99Ms, milliseconds)}
        unit="ms"
        testid="push-p99"
        note="From an event's arrival in the process to its diff on the socket: 99 of 100 are faster"
      />
      <Tile
        label="Live customers"
        shortLabel="Customers"
        value={
          now?.agents['customer']
            ? count(now.agents['customer'])
            : `${count(listed.uris.length)}${listed.more ? '+' : ''}`
        }
        testid="live-customers"
        note="Customers in memory on the server"
      />
      <Tile
        label="Events in total"
        shortLabel="Events, total"
        value={show(now?.events, figure)}
        testid="events-total"
        note={now && `${count(now.events)} events applied since the server started`}
      />
      <Tile
        label="Diffs to this page"
        shortLabel="Diffs here"
        value={figure(diffsSeen.value)}
        testid="diffs-total"
        note="Changes received on this page's one connection"
      />
      <Tile
        label="Dead letters"
        value={show(now?.dead, figure)}
        testid="dead-letters"
        {...(now && now.dead > 0 ? { tone: 'warn' as const } : {})}
        note="Records that could not be applied"
      />
    </dl>
  );
}
