import type { JSX } from 'preact';

interface SparklineProps {
  values: readonly number[];
  width?: number;
  height?: number;
  /** The least range to draw, so that a small change does not look like a large one. */
  spanMin?: number;
  class?: string;
}

/** A line through the values, oldest left. Decoration: the figure stands beside it. */
export function Sparkline({
  values,
  width = 56,
  height = 18,
  spanMin = 1,
  class: name = '',
}: SparklineProps): JSX.Element {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const span = Math.max(spanMin, most - least);
  const low = (least + most - span) / 2;
  const pad = 2;
  const step = values.length > 1 ? (width - 2 * pad) / (values.length - 1) : 0;
  const points = values.map((value, i): [number, number] => [
    values.length > 1 ? pad + i * step : width - pad,
    height - pad - ((value - low) / span) * (height - 2 * pad),
  ]);
  const last = points[points.length - 1];
  return (
    <svg
      class={`sparkline ${name}`}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
    >
      {points.length > 1 && (
        <polyline
          points={points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
          fill="none"
          stroke="currentColor"
          stroke-width="1.4"
          stroke-linejoin="round"
          stroke-linecap="round"
        />
      )}
      {last && <circle cx={last[0]} cy={last[1]} r="1.9" fill="currentColor" />}
    </svg>
  );
}
