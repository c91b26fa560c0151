import { Meter } from '@twinlane/ui/figures';
import { Flash } from '@twinlane/ui/flash';
import { percent } from '@twinlane/ui/format';
import { Sparkline } from '@twinlane/ui/sparkline';
import type { JSX } from 'preact';
import { moodLevel, riskLevel, type CustomerView } from '../data/view';

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
