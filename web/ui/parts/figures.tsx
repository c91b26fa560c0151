import type { ComponentChildren, JSX } from 'preact';
import { now } from './clock';
import { Flash } from './flash';
import { ago, words } from './format';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'plain';

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }): JSX.Element {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

/** A loyalty tier or club status, with a mark of its metal. */
export function Tier({ name }: { name: string | undefined }): JSX.Element {
  if (name === undefined) return <span class="none">–</span>;
  return (
    <span class="tier" data-tier={name.toLowerCase()}>
      <i aria-hidden="true" />
      <Flash value={words(name)} />
    </span>
  );
}

/** A bar of 0 to 1. The figure stands beside it, so it is decoration to a screen reader. */
export function Meter({ fraction }: { fraction: number }): JSX.Element {
  return (
    <span class="meter" aria-hidden="true">
      <i style={{ transform: `translateX(${Math.max(3, fraction * 100) - 100}%)` }} />
    </span>
  );
}

/** `12 s ago`, following the clock. */
export function RelativeTime({ at }: { at: number | undefined }): JSX.Element {
  if (at === undefined) return <span class="none">–</span>;
  return (
    <time class="num" dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString('en-GB')}>
      {ago(at, now.value)}
    </time>
  );
}

interface TileProps {
  label: string;
  /** Where there is little room. */
  shortLabel?: string;
  value: ComponentChildren;
  unit?: string;
  note?: string | undefined;
  tone?: Tone;
  children?: ComponentChildren;
  testid?: string;
}

/** A figure with its name, for use within a <dl>. */
export function Tile(props: TileProps): JSX.Element {
  const { label, shortLabel, value, unit, note, tone, children, testid } = props;
  return (
    <div class="tile" title={note} data-testid={testid}>
      <dt>
        {shortLabel ? (
          <>
            <span class="wide-only">{label}</span>
            <span class="narrow-only">{shortLabel}</span>
          </>
        ) : (
          label
        )}
      </dt>
      <dd class={tone ? `tone-${tone}` : undefined}>
        <span class="num tile-value">{value}</span>
        {unit && value !== '–' && <span class="tile-unit">{unit}</span>}
        {children}
      </dd>
    </div>
  );
}

/** A round badge with a customer's initials, in one of a few quiet hues. */
export function Avatar({
  id,
  initials,
  large = false,
}: {
  id: string;
  initials: string;
  large?: boolean;
}): JSX.Element {
  let hash = 7;
  for (const c of id) hash = (hash * 31 + c.charCodeAt(0)) % 997;
  return (
    <span
      class={large ? 'avatar avatar-large' : 'avatar'}
      style={{ '--hue': String((hash % 9) * 40) }}
      aria-hidden="true"
    >
      {initials || '·'}
    </span>
  );
}
