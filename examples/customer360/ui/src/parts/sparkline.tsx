import type { JSX } from 'preact';

interface SparklineProps {
  values: readonly number[];
  width?: number;
  height?: number;
  /** Fixed range; else that of the values. */
  range?: readonly [number, number];
  class?: string;
}

/** A line through the values, oldest left. Decoration: the figure stands beside it. */
export function Sparkline({ values, width = 64, height = 18, range, class: name = '' }: SparklineProps): JSX.Element {
  const [low, high] = range ?? [Math.min(...values), Math.max(...values)];
  const span = high - low || 1;
  const pad = 2;
  const step = values.length > 1 ? (width - 2 * pad) / (values.length - 1) : 0;
  const points = values.map((value, i): [number, number] => [
    values.length > 1 ? pad + i * step : width - pad,
    height - pad - ((value - low) / span) * (height - 2 * pad),
  ]);
  const last = points[points.length - 1];
  return (
    <svg class={`sparkline ${name}`} width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {points.length > 1 && (
        <polyline points={points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')} fill="none"
          stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" stroke-linecap="round" />
      )}
      {last && <circle cx={last[0]} cy={last[1]} r="1.9" fill="currentColor" />}
    </svg>
  );
}
