import type { JsonObject } from '@twinlane/client';
import { Card, isFresh } from '@twinlane/ui/card';
import type { EntityFeed } from '@twinlane/ui/feed';
import { Meter, Tier, Tile } from '@twinlane/ui/figures';
import { Flash } from '@twinlane/ui/flash';
import { count, figure, milliseconds, timeOfDay } from '@twinlane/ui/format';
import { Message } from '@twinlane/ui/message';
import { eventRates, figures } from '@twinlane/ui/metrics';
import { Sparkline } from '@twinlane/ui/sparkline';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { followCustomers } from '../data/customers';
import { follow } from '../data/feeds';
import {
  mediansOf,
  minuteMs,
  minutesOf,
  ratingsOf,
  recentCount,
  recentMs,
  streamTime,
  topOf,
  totalsOf,
} from '../data/view';
import { CustomerList } from '../parts/customer_list';
import { MinuteChart } from '../parts/minute_chart';
import { Complaint, Name, RatingsTable } from '../parts/ratings';

const uri = '/desk/main';

/** The last fifteen minutes of all ratings. */
export function DeskPage(): JSX.Element {
  const feed = useMemo(() => follow(uri), []);
  useEffect(() => () => feed.close(), [feed]);
  useEffect(() => followCustomers(), []);
  const state = feed.state.value;
  const error = feed.error.value;
  return (
    <main class="page" data-stale={feed.stale.value}>
      <h1 class="visually-hidden">Ratings, the last fifteen minutes</h1>
      {error ? (
        <Message title="The desk cannot be followed">
          {error.message} <code>{error.code}</code>
        </Message>
      ) : !state ? (
        <Message title="Waiting for the first snapshot…" />
      ) : !state.exists ? (
        <Message title="No ratings yet" testid="missing">
          This page already follows <code>{uri}</code> and fills with the first rating.
        </Message>
      ) : (
        <Desk feed={feed} />
      )}
    </main>
  );
}

function Desk({ feed }: { feed: EntityFeed }): JSX.Element {
  const lanes = feed.state.value?.lanes ?? {};
  const now = streamTime(lanes) ?? Date.now();
  const unhappy = useMemo(() => ratingsOf(lanes['unhappy']), [lanes['unhappy']]);
  return (
    <>
      <DeskStrip lanes={lanes} recent={recentCount(unhappy, now)} now={now} />
      <div class="desk">
        <Complaints feed={feed} recent={unhappy.filter(({ at }) => at > now - recentMs)} />
        <Channels feed={feed} now={now} />
        <Medians feed={feed} />
        <Top feed={feed} />
        <CustomerList />
        <Detail feed={feed} />
      </div>
    </>
  );
}

interface StripProps {
  lanes: JsonObject;
  recent: number;
  now: number;
}

function DeskStrip(props: StripProps): JSX.Element {
  const totals = totalsOf(props.lanes['totals']);
  const server = figures.value;
  return (
    <dl class="strip strip-desk" aria-label="Ratings in figures">
      <Tile
        label="Unhappy platinum, 15 min"
        shortLabel="Unhappy, 15 min"
        value={<Flash value={count(props.recent)} />}
        testid="unhappy-recent"
        tone={props.recent > 0 ? 'bad' : 'plain'}
        note="Ratings of less than three stars from platinum customers"
      />
      <Tile label="Ratings" value={figure(totals.ratings)} testid="ratings" note="All that came" />
      <Tile label="Live" value={figure(totals.live)} testid="live" note="Not from a channel under test" />
      <Tile
        label="Test"
        value={figure(totals.test)}
        testid="test"
        note="From a channel under test; live + test = all"
      />
      <Tile
        label="Enriched"
        value={figure(totals.enriched)}
        testid="enriched"
        note="With what is known of the customer"
      />
      <Tile
        label="Events"
        value={server?.eventsPerSecond === undefined ? '–' : figure(server.eventsPerSecond)}
        unit="/s"
      >
        <Sparkline values={eventRates.value} width={64} height={20} class="tile-spark" />
      </Tile>
      <Tile
        label="Event to socket, p99"
        shortLabel="To socket, p99"
        value={server?.p99Ms === undefined ? '–' : milliseconds(server.p99Ms)}
        unit="ms"
        note="From an event's arrival in the process to its diff on the socket: 99 of 100 are faster"
      />
      <Tile label="As of" value={timeOfDay(props.now)} testid="as-of" note="The time of the latest rating" />
    </dl>
  );
}

interface PartProps {
  feed: EntityFeed;
}

function Complaints({ feed, recent }: PartProps & { recent: ReturnType<typeof ratingsOf> }): JSX.Element {
  const activity = feed.activity.value['unhappy'];
  return (
    <Card lane="unhappy" title="Unhappy platinum customers" activity={activity} note="15 minutes" class="complaints">
      {recent.length === 0 ? (
        <p class="empty">Nobody is unhappy now</p>
      ) : (
        <ol class="complaint-list" tabIndex={0} aria-label="Unhappy platinum customers, latest first">
          {recent.slice(0, 50).map((rating) => (
            <Complaint key={rating.key} rating={rating} fresh={isFresh(activity, rating.key)} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function Channels({ feed, now }: PartProps & { now: number }): JSX.Element {
  const lane = feed.state.value?.lanes['by_channel'];
  const minutes = useMemo(() => minutesOf(lane, now), [lane, Math.floor(now / minuteMs)]);
  return (
    <Card
      lane="by_channel"
      title="Ratings by channel"
      activity={feed.activity.value['by_channel']}
      note="a minute"
      class="channels"
    >
      <MinuteChart label="Ratings by channel" minutes={minutes} kind="bars" />
    </Card>
  );
}

function Medians({ feed }: PartProps): JSX.Element {
  const medians = mediansOf(feed.state.value?.lanes['medians']);
  return (
    <Card lane="medians" title="Median stars by status" activity={feed.activity.value['medians']} class="medians">
      {medians.length === 0 && <p class="empty">No ratings yet</p>}
      <ul class="bars">
        {medians.map(([status, median]) => (
          <li key={status} data-status={status}>
            <a href={`/ui/segment/${encodeURIComponent(status)}`}>
              <Tier name={status} />
            </a>
            <Meter fraction={median / 5} />
            <Flash value={median.toFixed(1)} class="num bar-figure" />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Top({ feed }: PartProps): JSX.Element {
  const top = topOf(feed.state.value?.lanes['top']);
  const most = Math.max(1, ...top.map(({ ratings }) => ratings));
  return (
    <Card lane="top" title="Most ratings" activity={feed.activity.value['top']} note="15 minutes" class="top">
      {top.length === 0 && <p class="empty">No ratings yet</p>}
      <ol class="bars">
        {top.map(({ name, ratings }) => (
          <li key={name} data-person={name}>
            <Name name={name} />
            <Meter fraction={ratings / most} />
            <Flash value={count(ratings)} class="num bar-figure" />
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Detail({ feed }: PartProps): JSX.Element {
  const activity = feed.activity.value['latest'];
  const lane = feed.state.value?.lanes['latest'];
  const latest = useMemo(() => ratingsOf(lane).slice(0, 30), [lane]);
  return (
    <Card lane="latest" title="Ratings" activity={activity} note="latest 30" class="detail">
      <RatingsTable label="Latest ratings" ratings={latest} fresh={(key) => isFresh(activity, key)} named />
    </Card>
  );
}
