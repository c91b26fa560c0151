import type { ComponentChildren, JSX } from 'preact';
import type { LaneActivity } from './feed';
import { RelativeTime } from './figures';
import { useFlash } from './flash';
import { count, words } from './format';

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
        <h3 id={`lane-${lane}`}>{title ?? words(lane)}</h3>
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

/** Was this key named by a diff just now? */
export function isFresh(activity: LaneActivity | undefined, key: string): boolean {
  return activity !== undefined && activity.touched.has(key) && Date.now() - activity.at < freshMs;
}

/** An e-mail address breaks before its @, if it must. */
export function breakable(text: string): ComponentChildren {
  const at = text.indexOf('@');
  return at > 0 ? [text.slice(0, at), <wbr key="break" />, text.slice(at)] : text;
}
