import type { ComponentChildren, JSX } from 'preact';
import { Flash } from './flash';
import { Sparkline } from './sparkline';
import { ago, percent, words } from '../data/format';
import { now } from '../data/clock';
import { moodLevel, riskLevel, type CustomerView } from '../data/view';
import type { Tone } from '../data/lanes';

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }): JSX.Element {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

export function Tier({ name }: { name: string | undefined }): JSX.Element {
  if (name === undefined) return <span class="none">–</span>;
  return (
    <span class="tier" data-tier={name.toLowerCase()}>
      <i aria-hidden="true" />
      <Flash value={words(name)} />
    </span>
  );
}

const arrows = { up: '↑', down: '↓', flat: '→' };
const arrowWords = { up: 'rising', down: 'falling', flat: 'steady' };

export function Trend({ trend }: { trend: 'up' | 'down' | 'flat' }): JSX.Element {
  return (
    <span class={`trend trend-${trend}`} role="img" aria-label={arrowWords[trend]}>
      {arrows[trend]}
    </span>
  );
}

export function Mood({
  sentiment,
  moods,
}: {
  sentiment: CustomerView['sentiment'];
  moods: readonly number[];
}): JSX.Element {
  if (!sentiment) return <span class="none">–</span>;
  const score = Math.round(sentiment.score);
  return (
    <span class={`mood level-${moodLevel(sentiment.score)}`}>
      <Flash value={score} class="mood-score num" />
      <Trend trend={sentiment.trend} />
      <Sparkline values={moods} spanMin={20} />
    </span>
  );
}

export function Risk({ risk }: { risk: CustomerView['risk'] }): JSX.Element {
  if (!risk) return <span class="none">–</span>;
  const shown = percent(risk.score);
  return (
    <span class={`risk level-${riskLevel(risk.score)}`} title={risk.reasons.join(', ') || undefined}>
      <Flash value={shown} class="num risk-score" />
      <Meter fraction={risk.score} />
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
