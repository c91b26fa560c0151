import type { JSX } from 'preact';
import { Tile } from '../../parts/figures';
import { count, figure, milliseconds } from '../../parts/format';
import { eventRates, figures } from '../../parts/metrics';
import { Sparkline } from '../../parts/sparkline';

/** What the server does right now, and its totals. */
export function ServerStrip(): JSX.Element {
  const now = figures.value;
  const show = (value: number | undefined, format: (n: number) => string) =>
    value === undefined ? '–' : format(value);
  const agents = now && Object.values(now.agents).reduce((sum, n) => sum + n, 0);
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
        note="From an event's arrival in the process to its diff on the socket: half are faster"
      />
      <Tile
        label="Event to socket, p99"
        shortLabel="To socket, p99"
        value={show(now?.p99Ms, milliseconds)}
        unit="ms"
        note="From an event's arrival in the process to its diff on the socket: 99 of 100 are faster"
      />
      <Tile
        label="Agents in memory"
        shortLabel="In memory"
        value={show(agents, figure)}
        note="Agents that are idle leave memory and come back on the next message or read"
      />
      <Tile
        label="Events in total"
        shortLabel="Events, total"
        value={show(now?.events, figure)}
        testid="events-total"
        note={now && `${count(now.events)} events applied since the server started`}
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
