import { EventTail } from '@twinlane/ui/event_tail';
import { Avatar, Tier } from '@twinlane/ui/figures';
import { Flash } from '@twinlane/ui/flash';
import { initials } from '@twinlane/ui/format';
import { BackIcon } from '@twinlane/ui/icons';
import { idOf } from '@twinlane/ui/links';
import { Message } from '@twinlane/ui/message';
import { TrafficStrip } from '@twinlane/ui/traffic_strip';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { CustomerFeed } from '../data/customer';
import { viewOf, type CustomerView } from '../data/view';
import { CommandForms } from '../parts/command_forms';
import { Decisions } from '../parts/decisions';
import { LaneCard } from '../parts/lane_card';
import { LifeStrip } from '../parts/life_strip';
import { SlowCard } from '../parts/slow_card';

/** Lanes by what they tell; what a customer has beyond these comes last. */
const groups: { title: string; lanes: string[] }[] = [
  { title: 'Who they are', lanes: ['profile', 'loyalty', 'analytics', 'place', 'weather', 'third_party'] },
  { title: 'What they buy', lanes: ['orders', 'payments', 'wishlist', 'wished', 'price_drops', 'returns', 'vouchers'] },
  { title: 'What they say and do', lanes: ['calls', 'reviews', 'clicks', 'social', 'entered_store', 'notes'] },
];
const decided = ['next_best_offer', 'sentiment', 'churn_risk', 'status', 'segment'];
const known = new Set([...decided, ...groups.flatMap((group) => group.lanes)]);

/** Lanes that get no card as long as a customer does not have them. */
const shownWhenPresent = new Set(['price_drops', 'entered_store']);

export function CustomerPage({ uri }: { uri: string }): JSX.Element {
  const feed = useMemo(() => new CustomerFeed(uri), [uri]);
  useEffect(() => () => feed.close(), [feed]);
  const state = feed.state.value;
  const error = feed.error.value;
  const view = viewOf(state);
  return (
    <main class="page" data-stale={feed.stale.value} data-exists={state ? String(state.exists) : undefined}>
      <Head uri={uri} view={view} />
      <LifeStrip uri={uri} />
      {error ? (
        <Message title="This customer cannot be followed">
          {error.message} <code>{error.code}</code>
        </Message>
      ) : !state ? (
        <Message title="Waiting for the first snapshot…" />
      ) : !state.exists ? (
        <Message title={`Customer ${idOf(uri)} does not exist yet`} testid="missing">
          This page already follows <code>{uri}</code> and fills the moment its first event arrives.
        </Message>
      ) : (
        <>
          <TrafficStrip feed={feed} />
          <Decisions feed={feed} view={view} />
          <Lanes feed={feed} view={view} />
        </>
      )}
    </main>
  );
}

function Head({ uri, view }: { uri: string; view: CustomerView }): JSX.Element {
  const id = idOf(uri);
  const name = view.name ?? `Customer ${id}`;
  return (
    <div class="customer-head">
      <a class="back" href="/ui/" aria-label="All customers">
        <BackIcon />
        <span>Customers</span>
      </a>
      <Avatar id={id} initials={initials(view.name ?? '')} large />
      <div class="customer-who">
        <h1>
          <Flash value={name} />
        </h1>
        <p>
          <span class="num">{uri}</span>
          {view.email && <span class="customer-email">{view.email}</span>}
        </p>
      </div>
      {view.tier !== undefined && <Tier name={view.tier} />}
    </div>
  );
}

function Lanes({ feed, view }: { feed: CustomerFeed; view: CustomerView }): JSX.Element {
  const present = Object.keys(feed.state.value?.lanes ?? {});
  const others = present.filter((lane) => !known.has(lane)).sort();
  const lanesOf = (index: number, lanes: string[]) => [
    ...lanes.filter((lane) => !shownWhenPresent.has(lane) || present.includes(lane)),
    ...(index === groups.length - 1 ? others : []),
  ];
  return (
    <div class="lanes">
      <section class="lane-group lane-side" aria-label="Commands and changes">
        <h2>Act and watch</h2>
        <CommandForms uri={feed.uri} tier={view.tier} />
        <SlowCard feed={feed} />
        <EventTail feed={feed} />
      </section>
      {groups.map(({ title, lanes }, index) => (
        <section key={title} class="lane-group" aria-label={title}>
          <h2>{title}</h2>
          {lanesOf(index, lanes).map((lane) => (
            <LaneCard key={lane} feed={feed} lane={lane} />
          ))}
        </section>
      ))}
    </div>
  );
}
