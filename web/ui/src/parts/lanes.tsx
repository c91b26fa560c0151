import { isObject, type Json } from '@twinlane/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Card, breakable, isFresh } from '../../parts/card';
import type { LaneActivity } from '../../parts/feed';
import { Badge } from '../../parts/figures';
import { Flash, useFlash } from '../../parts/flash';
import { count } from '../../parts/format';
import type { AgentFeed } from '../data/agent_feed';
import { leafText, leavesOf, tableOf, windowText, type Entry, type Table } from '../data/lane_view';

interface LaneProps {
  feed: AgentFeed;
  lane: string;
  kind: string;
}

const kindWords: Record<string, string> = { join_value: 'join', join_map: 'join' };

/** A value, field by field. */
export function ValueLane({ feed, lane, kind }: LaneProps): JSX.Element {
  const value = feed.state.value?.lanes[lane];
  const activity = feed.activity.value[lane];
  return (
    <Card lane={lane} title={lane} activity={activity} note={kindWords[kind] ?? kind}>
      {value === undefined ? <p class="empty">Not set yet</p> : <Fields value={value} activity={activity} />}
    </Card>
  );
}

function Fields({ value, activity }: { value: Json; activity: LaneActivity | undefined }): JSX.Element {
  const leaves = leavesOf(value);
  const only = leaves[0];
  if (leaves.length === 1 && only?.name === '')
    return (
      <p class="card-text">
        <Flash value={leafText('', only.value)} />
      </p>
    );
  return (
    <dl class="fields">
      {leaves.map(({ name, value: leaf }) => {
        const text = leafText(name, leaf);
        return (
          <div key={name} class="field" data-field={name}>
            <dt>{name}</dt>
            <dd>
              <Flash value={text} fresh={isFresh(activity, name.split('.')[0] as string)}>
                {breakable(text)}
              </Flash>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

const rowsAtFirst = 8;
const rowsMax = 200;

/** Entries as a table, newest first. */
export function KeyedLane({ feed, lane, kind }: LaneProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const value = feed.state.value?.lanes[lane];
  const activity = feed.activity.value[lane];
  const entries = isObject(value) ? value : {};
  const table = tableOf(kind, entries, feed.changedAt(lane), open ? rowsMax : rowsAtFirst);
  const note = `${kindWords[kind] ?? kind}, ${count(table.total)} ${table.total === 1 ? 'entry' : 'entries'}`;
  return (
    <Card lane={lane} title={lane} activity={activity} note={note} class="keyed">
      {table.total === 0 ? (
        <p class="empty">Nothing yet</p>
      ) : (
        <>
          <Rows lane={lane} kind={kind} table={table} whole={entries} activity={activity} />
          {table.hidden > 0 && (
            <p class="hidden-fields">
              {count(table.hidden)} more fields in{' '}
              <a href={`${feed.uri}/${encodeURIComponent(lane)}`} target="_blank" rel="noreferrer">
                the lane as JSON
              </a>
            </p>
          )}
          {table.total > rowsAtFirst && (
            <button type="button" class="more" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open
                ? 'Show fewer'
                : table.total > rowsMax
                  ? `Show the newest ${rowsMax}`
                  : `Show all ${count(table.total)}`}
            </button>
          )}
        </>
      )}
    </Card>
  );
}

interface RowsProps {
  lane: string;
  kind: string;
  table: Table;
  whole: Record<string, Json>;
  activity: LaneActivity | undefined;
}

function Rows({ lane, kind, table, whole, activity }: RowsProps): JSX.Element {
  return (
    <div class="entries-scroll" role="region" aria-label={`Entries of ${lane}`} tabIndex={0}>
      <table class="entries-table">
        <thead>
          <tr>
            <th scope="col">{kind === 'window' ? 'window' : 'key'}</th>
            {table.columns.map((name) => (
              <th key={name} scope="col">
                {name === '' ? 'value' : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.entries.map((entry) => (
            <Row
              key={entry.key}
              entry={entry}
              columns={table.columns}
              head={kind === 'window' ? <WindowHead start={entry.key} whole={whole[entry.key]} /> : entry.key}
              fresh={isFresh(activity, entry.key)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  entry: Entry;
  columns: string[];
  head: JSX.Element | string;
  fresh: boolean;
}

function Row({ entry, columns, head, fresh }: RowProps): JSX.Element {
  const flash = useFlash(undefined, fresh);
  const leaves = new Map(leavesOf(entry.value).map(({ name, value }) => [name, value]));
  return (
    <tr {...flash} data-key={entry.key}>
      <th scope="row">{head}</th>
      {columns.map((name) => {
        const value = leaves.get(name);
        const text = value === undefined ? '' : leafText(name, value);
        return (
          <td key={name} class={typeof value === 'number' ? 'num' : undefined}>
            <Flash value={text} title={text.length > 40 ? text : undefined} />
          </td>
        );
      })}
    </tr>
  );
}

function WindowHead({ start, whole }: { start: string; whole: Json | undefined }): JSX.Element {
  const { end, closed } = isObject(whole) ? whole : { end: Number(start), closed: false };
  return (
    <>
      <span class="num">{windowText(Number(start), Number(end))}</span> {closed === true && <Badge>closed</Badge>}
    </>
  );
}
