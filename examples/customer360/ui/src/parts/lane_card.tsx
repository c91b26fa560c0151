import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { now } from '../data/clock';
import type { CustomerFeed, LaneActivity } from '../data/customer';
import { count } from '../data/format';
import { fieldsOf, holdsEntries, laneSpecs, plainText, sortedEntries, titleOf, type EntryView } from '../data/lanes';
import { productName } from '../data/products';
import { isObject, member, type Json } from '@twinlane/client';
import { Badge, RelativeTime } from './figures';
import { Flash, useFlash } from './flash';

const freshMs = 1400;

interface CardProps {
  lane: string;
  title?: string;
  activity: LaneActivity | undefined;
  note?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

/** The frame of every lane: its name, what it holds, and how lively it is. */
export function Card({ lane, title, activity, note, class: name = '', children }: CardProps): JSX.Element {
  const changes = activity?.changes ?? 0;
  const flash = useFlash(changes);
  return (
    <section class={`card ${name}`} data-lane={lane} data-changes={changes} aria-labelledby={`lane-${lane}`}>
      <header class="card-head">
        <h3 id={`lane-${lane}`}>{title ?? titleOf(lane)}</h3>
        {note !== undefined && <span class="card-note num">{note}</span>}
        {activity && (
          <span
            class="card-activity"
            title={`${count(changes)} ${changes === 1 ? 'change' : 'changes'} since this page was opened`}
          >
            <i class={`pulse ${flash.class ? 'pulse-on' : ''}`} aria-hidden="true" />
            <RelativeTime at={activity.at} />
          </span>
        )}
      </header>
      {children}
    </section>
  );
}

/** Any lane by its name: known ones as their spec says, others field by field or entry by entry. */
export function LaneCard({ feed, lane }: { feed: CustomerFeed; lane: string }): JSX.Element {
  const value = feed.state.value?.lanes[lane];
  const activity = feed.activity.value[lane];
  if (holdsEntries(lane, value)) {
    const entries = isObject(value) ? Object.keys(value).length : 0;
    return (
      <Card lane={lane} activity={activity} note={entries > 0 ? count(entries) : undefined}>
        <Entries lane={lane} value={value} activity={activity} />
      </Card>
    );
  }
  return (
    <Card lane={lane} activity={activity}>
      <Fields lane={lane} value={value} activity={activity} />
    </Card>
  );
}

function isFresh(activity: LaneActivity | undefined, key: string): boolean {
  return activity !== undefined && activity.touched.has(key) && Date.now() - activity.at < freshMs;
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
            {text === undefined ? (
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

/** An e-mail address breaks before its @, if it must. */
function breakable(text: string): ComponentChildren {
  const at = text.indexOf('@');
  return at > 0 ? [text.slice(0, at), <wbr key="break" />, text.slice(at)] : text;
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
