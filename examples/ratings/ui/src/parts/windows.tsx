import { isObject, member, type Json } from '@twinlane/client';
import { Card, isFresh } from '@twinlane/ui/card';
import type { LaneActivity } from '@twinlane/ui/feed';
import { Flash, useFlash } from '@twinlane/ui/flash';
import { number } from '@twinlane/ui/format';
import type { JSX } from 'preact';

interface WindowsProps {
  lane: string;
  title: string;
  value: Json | undefined;
  activity: LaneActivity | undefined;
}

const shownMax = 6;
const minuteTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const secondTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** The windows of a customer, the latest first: from when to when, how many, the mean, and the stars as they came. */
export function Windows({ lane, title, value, activity }: WindowsProps): JSX.Element {
  const all = isObject(value) ? Object.entries(value).sort(([a], [b]) => Number(b) - Number(a)) : [];
  return (
    <Card lane={lane} title={title} activity={activity}>
      {all.length === 0 && <p class="empty">None yet</p>}
      <ul class="windows">
        {all.slice(0, shownMax).map(([start, window]) => (
          <Window key={start} start={Number(start)} window={window} fresh={isFresh(activity, start)} />
        ))}
      </ul>
    </Card>
  );
}

function Window({ start, window, fresh }: { start: number; window: Json; fresh: boolean }): JSX.Element {
  const flash = useFlash(undefined, fresh);
  const end = number(member(window, 'end')) ?? start;
  const value = member(window, 'value');
  const stars = member(value, 'stars');
  const time = start % 60_000 === 0 && end % 60_000 === 0 ? minuteTime : secondTime;
  const mean = number(member(value, 'mean'));
  return (
    <li {...flash} data-key={start}>
      <span class="num">
        {time.format(start)} – {time.format(end)}
      </span>
      <span class="windows-figures num">
        <Flash value={number(member(value, 'n')) ?? 0} /> rated, mean <Flash value={mean?.toFixed(1) ?? '–'} />
      </span>
      {Array.isArray(stars) && <span class="windows-stars num">{stars.slice(-24).join(' ')}</span>}
    </li>
  );
}
