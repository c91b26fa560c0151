import type { JSX } from 'preact';
import type { EntityFeed } from './feed';
import { Tile } from './figures';
import { bytes, count, milliseconds } from './format';
import { figures } from './metrics';

/** What this page cost on the wire, against sending the whole state each time. */
export function TrafficStrip({ feed }: { feed: EntityFeed }): JSX.Element {
  const { diffs, diffBytes, wholeBytes, snapshotBytes } = feed.traffic.value;
  const state = feed.state.value;
  const server = figures.value;
  const share = wholeBytes > 0 ? diffBytes / wholeBytes : undefined;
  const latency = (ms: number | undefined) => (ms === undefined ? '–' : milliseconds(ms));
  return (
    <dl class="strip strip-traffic" aria-label="Traffic of this page">
      <Tile
        label="Received as diffs"
        shortLabel="As diffs"
        value={bytes(diffBytes)}
        testid="diff-bytes"
        note={`${count(diffs)} diffs; the snapshot at the start was ${bytes(snapshotBytes)}`}
      >
        <span class="tile-unit wide-only">
          {count(diffs)} {diffs === 1 ? 'diff' : 'diffs'}
        </span>
      </Tile>
      <Tile
        label="Whole state each time"
        shortLabel="Whole each time"
        value={bytes(wholeBytes)}
        testid="whole-bytes"
        note="If each of these diffs had been the whole state instead"
      />
      <div class="tile tile-share">
        <dt>Sent, of the whole</dt>
        <dd>
          <span class="num tile-value" data-testid="share">
            {share === undefined ? '–' : shareText(share)}
          </span>
          <span class="share" aria-hidden="true">
            <i style={{ width: `${Math.min(100, (share ?? 0) * 100)}%` }} />
          </span>
        </dd>
      </div>
      <Tile
        label="Event to socket, p50"
        shortLabel="To socket, p50"
        value={latency(server?.p50Ms)}
        unit="ms"
        testid="push-p50"
        note="Over the whole server, in the last two seconds"
      />
      <Tile
        label="Event to socket, p99"
        shortLabel="To socket, p99"
        value={latency(server?.p99Ms)}
        unit="ms"
        testid="push-p99"
        note="Over the whole server, in the last two seconds"
      />
      <Tile
        label="Rev, lineage"
        value={<span data-testid="rev">{state ? count(state.rev) : '–'}</span>}
        note="The rev grows by one with each turn that changed something; another lineage means that revs are not comparable"
      >
        <span class="tile-unit" data-testid="lineage">
          {state?.lineage}
        </span>
      </Tile>
    </dl>
  );
}

function shareText(share: number): string {
  const inPercent = share * 100;
  return inPercent < 10 ? `${inPercent.toFixed(1)}%` : `${Math.round(inPercent)}%`;
}
