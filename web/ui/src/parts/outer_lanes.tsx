import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Card } from '../../parts/card';
import { useFlash } from '../../parts/flash';
import { count, timeOfDay } from '../../parts/format';
import type { AgentFeed } from '../data/agent_feed';
import type { Emitted } from '../../parts/feed';

/** What a supply lane emitted since the page was opened, newest first. */
export function SupplyLane({ feed, lane }: { feed: AgentFeed; lane: string }): JSX.Element {
  const events = feed.events.value.filter((event) => event.lane === lane);
  return (
    <Card lane={lane} title={lane} activity={undefined} note="supply">
      {events.length === 0 ? (
        <p class="empty">Nothing emitted since this page was opened</p>
      ) : (
        <ol class="supply" tabIndex={0} aria-label={`Events of ${lane}, newest first`}>
          {events.map((event) => (
            <Event key={event.seq} event={event} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function Event({ event }: { event: Emitted }): JSX.Element {
  const flash = useFlash(undefined, true);
  return (
    <li {...flash}>
      <time class="num" dateTime={new Date(event.at).toISOString()}>
        {timeOfDay(event.at)}
      </time>
      <span class="supply-value">{JSON.stringify(event.value)}</span>
      {event.dropped > 0 && <span class="tone-warn">{count(event.dropped)} lost before</span>}
    </li>
  );
}

/** A demand lane is computed when it is read: by a button, for it may be costly. */
export function DemandLane({ uri, lane }: { uri: string; lane: string }): JSX.Element {
  const [answer, setAnswer] = useState<{ ok: boolean; text: string } | undefined>();
  const read = async () => {
    try {
      const response = await fetch(`${uri}/${encodeURIComponent(lane)}`, { headers: { accept: 'application/json' } });
      const body = (await response.json()) as { detail?: string; title?: string };
      const text = response.ok ? JSON.stringify(body, null, 2) : (body.detail ?? body.title ?? String(response.status));
      setAnswer({ ok: response.ok, text });
    } catch (failure) {
      setAnswer({ ok: false, text: failure instanceof Error ? failure.message : String(failure) });
    }
  };
  return (
    <Card lane={lane} title={lane} activity={undefined} note="demand">
      <div class="demand">
        <button type="button" class="button button-quiet" data-demand={lane} onClick={() => void read()}>
          Read
        </button>
        <pre role="status" class={answer && !answer.ok ? 'demand-failed' : undefined}>
          {answer?.text ?? 'Computed when it is read'}
        </pre>
      </div>
    </Card>
  );
}
