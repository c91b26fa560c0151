import { LockIcon } from '@twinlane/ui/icons';
import type { JSX } from 'preact';

const words = 'Not visible for this role';

/** In place of a value that the server did not send, because of who asks. */
export function HiddenMark(): JSX.Element {
  return (
    <span class="hidden-mark">
      <LockIcon />
      <span>{words}</span>
    </span>
  );
}

/** The same where there is little room. */
export function HiddenCell(): JSX.Element {
  return (
    <span class="hidden-mark" role="img" aria-label={words} title={words}>
      <LockIcon />
    </span>
  );
}

/** In place of a lane's card. */
export function HiddenCard({
  lane,
  title,
  class: name = '',
}: {
  lane: string;
  title: string;
  class?: string;
}): JSX.Element {
  return (
    <section class={`card card-hidden ${name}`} data-hidden-lane={lane} aria-labelledby={`lane-${lane}`}>
      <h3 id={`lane-${lane}`}>{title}</h3>
      <HiddenMark />
    </section>
  );
}
