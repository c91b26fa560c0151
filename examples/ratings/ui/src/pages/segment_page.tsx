import { Card, isFresh } from '@twinlane/ui/card';
import { Tier } from '@twinlane/ui/figures';
import { BackIcon } from '@twinlane/ui/icons';
import { idOf } from '@twinlane/ui/links';
import { Message } from '@twinlane/ui/message';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { followCustomers } from '../data/customers';
import { follow } from '../data/feeds';
import { minuteMs, ratingsOf, seriesOf, streamTime } from '../data/view';
import { MinuteChart } from '../parts/minute_chart';
import { RatingsTable } from '../parts/ratings';

/** All ratings of one club status. */
export function SegmentPage({ uri }: { uri: string }): JSX.Element {
  const feed = useMemo(() => follow(uri), [uri]);
  useEffect(() => () => feed.close(), [feed]);
  useEffect(() => followCustomers(), []);
  const lanes = feed.state.value?.lanes ?? {};
  const activity = feed.activity.value;
  const now = streamTime(lanes) ?? Date.now();
  const minute = Math.floor(now / minuteMs);
  const counts = useMemo(
    () => ({ ...seriesOf(lanes['per_minute'], now, ['n']), names: ['ratings'] }),
    [lanes['per_minute'], minute],
  );
  const stars = useMemo(() => seriesOf(lanes['per_minute'], now, ['median', 'mean']), [lanes['per_minute'], minute]);
  const latest = useMemo(() => ratingsOf(lanes['latest']), [lanes['latest']]);
  return (
    <main class="page" data-stale={feed.stale.value}>
      <div class="head">
        <a class="back" href="/ui/" aria-label="The desk">
          <BackIcon />
          <span>Desk</span>
        </a>
        <h1>
          <Tier name={idOf(uri)} />
        </h1>
      </div>
      {feed.state.value?.exists === false ? (
        <Message title="Nobody of this status has rated yet" testid="missing" />
      ) : (
        <div class="segment">
          <Card lane="stars" title="Stars a minute" activity={activity['per_minute']}>
            <MinuteChart label="Stars a minute" minutes={stars} kind="lines" range={[0.8, 5.2]} />
          </Card>
          <Card lane="per_minute" title="Ratings a minute" activity={activity['per_minute']}>
            <MinuteChart label="Ratings a minute" minutes={counts} kind="bars" />
          </Card>
          <Card lane="latest" title="Ratings" activity={activity['latest']} note="latest 50" class="detail">
            <RatingsTable
              label="Latest ratings"
              ratings={latest}
              fresh={(key) => isFresh(activity['latest'], key)}
              named
            />
          </Card>
        </div>
      )}
    </main>
  );
}
