import { member, type Json } from '@twinlane/client';
import { Card, breakable, isFresh } from '@twinlane/ui/card';
import { EventTail } from '@twinlane/ui/event_tail';
import type { EntityFeed } from '@twinlane/ui/feed';
import { Avatar, Tier } from '@twinlane/ui/figures';
import { Flash } from '@twinlane/ui/flash';
import { count, initials, text, words } from '@twinlane/ui/format';
import { BackIcon } from '@twinlane/ui/icons';
import { idOf } from '@twinlane/ui/links';
import { Message } from '@twinlane/ui/message';
import { TrafficStrip } from '@twinlane/ui/traffic_strip';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { follow } from '../data/feeds';
import { ratingsOf } from '../data/view';
import { RatingsTable } from '../parts/ratings';
import { Windows } from '../parts/windows';

/** One customer: who it is now, and what it said, with its status of then. */
export function CustomerPage({ uri }: { uri: string }): JSX.Element {
  const feed = useMemo(() => follow(uri), [uri]);
  useEffect(() => () => feed.close(), [feed]);
  const state = feed.state.value;
  const error = feed.error.value;
  return (
    <main class="page" data-stale={feed.stale.value}>
      <Head uri={uri} profile={state?.lanes['profile']} />
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
          <Lanes feed={feed} />
        </>
      )}
    </main>
  );
}

function Head({ uri, profile }: { uri: string; profile: Json | undefined }): JSX.Element {
  const id = idOf(uri);
  const name = text(member(profile, 'full_name')) ?? `Customer ${id}`;
  return (
    <div class="head">
      <a class="back" href="/ui/" aria-label="The desk">
        <BackIcon />
        <span>Desk</span>
      </a>
      <Avatar id={id} initials={initials(name)} large />
      <div class="head-who">
        <h1>
          <Flash value={name} />
        </h1>
        <p>
          <span class="num">{uri}</span>
          <span class="head-email">{text(member(profile, 'email'))}</span>
        </p>
      </div>
      <span class="head-tier" data-testid="status">
        <Tier name={text(member(profile, 'club_status'))} />
      </span>
    </div>
  );
}

const profileFields = ['club_status', 'first_name', 'last_name', 'email', 'gender', 'comments'];

function Lanes({ feed }: { feed: EntityFeed }): JSX.Element {
  const lanes = feed.state.value?.lanes ?? {};
  const activity = feed.activity.value;
  const ratings = useMemo(() => ratingsOf(lanes['ratings']).slice(0, 50), [lanes['ratings']]);
  const fields = profileFields.filter((name) => text(member(lanes['profile'], name)) !== undefined);
  return (
    <div class="customer">
      <Card lane="ratings" activity={activity['ratings']} note={count(ratings.length)} class="customer-ratings">
        {ratings.length === 0 ? (
          <p class="empty">Nothing rated yet</p>
        ) : (
          <RatingsTable
            label="Ratings, latest first"
            ratings={ratings}
            fresh={(key) => isFresh(activity['ratings'], key)}
            named={false}
          />
        )}
      </Card>
      <div class="customer-side">
        <Card lane="profile" activity={activity['profile']}>
          {fields.length === 0 && <p class="empty">Ratings wait for the profile</p>}
          <dl class="fields">
            {fields.map((name) => {
              const shown = text(member(lanes['profile'], name)) ?? '';
              return (
                <div key={name} class="field" data-field={name}>
                  <dt>{words(name)}</dt>
                  <dd>
                    <Flash value={shown}>{breakable(shown)}</Flash>
                  </dd>
                </div>
              );
            })}
          </dl>
        </Card>
        <Windows lane="per_15m" title="By quarter of an hour" value={lanes['per_15m']} activity={activity['per_15m']} />
        <Windows lane="sessions" title="Sessions" value={lanes['sessions']} activity={activity['sessions']} />
        <EventTail feed={feed} />
      </div>
    </div>
  );
}
