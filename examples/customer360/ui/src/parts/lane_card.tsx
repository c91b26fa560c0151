import { isObject, member, type Json } from '@twinlane/client';
import { Card, breakable, isFresh } from '@twinlane/ui/card';
import { now } from '@twinlane/ui/clock';
import type { LaneActivity } from '@twinlane/ui/feed';
import { Badge, RelativeTime } from '@twinlane/ui/figures';
import { Flash, useFlash } from '@twinlane/ui/flash';
import { count } from '@twinlane/ui/format';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CustomerFeed } from '../data/customer';
import { fieldsOf, holdsEntries, laneSpecs, plainText, sortedEntries, titleOf, type EntryView } from '../data/lanes';
import { productName } from '../data/products';
import { maySee } from '../data/roles';
import { HiddenCard, HiddenMark } from './hidden';

/** Any lane by its name: known ones as their spec says, others field by field or entry by entry. */
export function LaneCard({ feed, lane }: { feed: CustomerFeed; lane: string }): JSX.Element {
  if (!maySee(lane)) return <HiddenCard lane={lane} title={titleOf(lane)} />;
  const value = feed.state.value?.lanes[lane];
  const activity = feed.activity.value[lane];
  if (holdsEntries(lane, value)) {
    const entries = isObject(value) ? Object.keys(value).length : 0;
    return (
      <Card lane={lane} title={titleOf(lane)} activity={activity} note={entries > 0 ? count(entries) : undefined}>
        <Entries lane={lane} value={value} activity={activity} />
      </Card>
    );
  }
  return (
    <Card lane={lane} title={titleOf(lane)} activity={activity}>
      <Fields lane={lane} value={value} activity={activity} />
    </Card>
  );
}

interface ContentProps {
  lane: string;
  value: Json | undefined;
  activity: LaneActivity | undefined;
}

function Fields({ lane, value, activity }: ContentProps): JSX.Element {
  if (value === undefined) return <p class="empty">{laneSpecs[lane]?.empty ?? 'Nothing yet'}</p>;
  if (!isObject(value))
    return (
      <p class="card-text">
        <Flash value={plainText(value)} fresh={isFresh(activity, lane)} />
      </p>
    );
  const shown = fieldsOf(lane, value).map(({ name, label, format }) => {
    const raw = member(value, name);
    return { name, label, text: format ? (format(raw, now.value) ?? plainText(raw)) : plainText(raw) };
  });
  return (
    <dl class="fields">
      {shown.map(({ name, label, text }) => (
        <div key={name} class="field" data-field={name}>
          <dt>{label}</dt>
          <dd>
            {!maySee(lane, name) ? (
              <HiddenMark />
            ) : text === undefined ? (
              <span class="none">–</span>
            ) : (
              <Flash value={text} fresh={isFresh(activity, name)}>
                {breakable(text)}
              </Flash>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const entriesShown = 4;

function Entries({ lane, value, activity }: ContentProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const entries = sortedEntries(lane, value, productName);
  if (entries.length === 0) return <p class="empty">{laneSpecs[lane]?.empty ?? 'Nothing yet'}</p>;
  const shown = open ? entries : entries.slice(0, entriesShown);
  return (
    <>
      <ul class="entries">
        {shown.map(([key, , entry]) => (
          <Entry key={key} name={key} entry={entry} fresh={isFresh(activity, key)} />
        ))}
      </ul>
      {entries.length > entriesShown && (
        <button type="button" class="more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Show fewer' : `Show all ${count(entries.length)}`}
        </button>
      )}
    </>
  );
}

function Entry({ name, entry, fresh }: { name: string; entry: EntryView; fresh: boolean }): JSX.Element {
  const flash = useFlash(undefined, fresh);
  const { title, detail, badge, amount, at } = entry;
  const oneLine = detail === undefined && amount === undefined;
  return (
    <li {...flash} class={['entry', flash.class].filter(Boolean).join(' ')} data-key={name}>
      <span class="entry-main">
        <Flash value={title} class="entry-title" title={title} />
        {badge && (
          <Badge tone={badge.tone}>
            <Flash value={badge.text} />
          </Badge>
        )}
        {amount !== undefined && <Flash value={amount} class="num entry-amount" />}
        {oneLine && at !== undefined && <RelativeTime at={at} />}
      </span>
      {!oneLine && (detail !== undefined || at !== undefined) && (
        <span class="entry-sub">
          {detail !== undefined && <Flash value={detail} class="entry-detail" title={detail} />}
          {at !== undefined && <RelativeTime at={at} />}
        </span>
      )}
    </li>
  );
}
