import { now } from '@twinlane/ui/clock';
import type { JSX } from 'preact';
import type { Point } from '../data/customer';

interface TimeChartProps {
  points: readonly Point[];
  /** The whole scale; the chart zooms in on what happened, by no more than to `spanMin`. */
  scale: readonly [number, number];
  spanMin: number;
  openedAt: number;
  label: string;
  format: (value: number) => string;
  /** A line worth knowing about, such as where a risk counts as high. */
  threshold?: number;
  class?: string;
}

const windowMs = 5 * 60_000;
const windowMsMin = 30_000;
const width = 300;
const height = 76;

/** A value over the last five minutes, as steps: it holds until the next change. */
export function TimeChart(props: TimeChartProps): JSX.Element {
  const { points, scale, spanMin, openedAt, label, format, threshold, class: name = '' } = props;
  const end = Math.max(now.value, points[points.length - 1]?.at ?? 0);
  const start = Math.max(end - windowMs, Math.min(openedAt, end - windowMsMin));
  const seen = inWindow(points, start);
  const [low, high] = domain(
    seen.map((p) => p.value),
    scale,
    spanMin,
  );
  const x = (at: number) => ((Math.max(at, start) - start) / (end - start)) * width;
  const y = (value: number) => height - ((value - low) / (high - low)) * height;
  const line = seen
    .map(
      (p, i) =>
        `${i === 0 ? 'M' : `H${x(p.at).toFixed(1)}V`}${i === 0 ? `${x(p.at).toFixed(1)},` : ''}${y(p.value).toFixed(1)}`,
    )
    .join('');
  const last = seen[seen.length - 1];
  const minutes = Math.round((end - start) / 60_000);
  const span = minutes >= 1 ? `${minutes} min` : `${Math.round((end - start) / 1000)} s`;
  return (
    <figure class={`chart ${name}`}>
      <div class="chart-plot" role="img" aria-label={`${label} over the last ${span}: ${describe(seen, format)}`}>
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {[0.25, 0.5, 0.75].map((part) => (
            <line key={part} class="chart-grid" x1="0" x2={width} y1={height * part} y2={height * part} />
          ))}
          {threshold !== undefined && threshold > low && threshold < high && (
            <line class="chart-threshold" x1="0" x2={width} y1={y(threshold)} y2={y(threshold)} />
          )}
          {seen[0] && <path class="chart-area" d={`${line}H${width}V${height}H${x(seen[0].at).toFixed(1)}Z`} />}
          {seen[0] && <path class="chart-line" d={`${line}H${width}`} />}
        </svg>
        {last && <i class="chart-dot" style={{ top: `${(y(last.value) / height) * 100}%` }} />}
      </div>
      <div class="chart-scale" aria-hidden="true">
        <span>{format(high)}</span>
        <span>{format(low)}</span>
      </div>
      <figcaption aria-hidden="true">
        <span>{span} ago</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}

function inWindow(points: readonly Point[], start: number): readonly Point[] {
  const first = points.findIndex((p) => p.at > start);
  if (first === -1) return points.slice(-1);
  return points.slice(Math.max(0, first - 1)); // the value that held when the window began counts too
}

function domain(values: number[], [least, most]: readonly [number, number], spanMin: number): [number, number] {
  if (values.length === 0) return [least, most];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = Math.max(spanMin, (high - low) * 1.3);
  const start = Math.max(least, Math.min((low + high) / 2 - span / 2, most - span));
  return [start, Math.min(most, start + span)];
}

function describe(points: readonly Point[], format: (value: number) => string): string {
  const last = points[points.length - 1];
  if (!last) return 'nothing yet';
  const values = points.map((p) => p.value);
  return `${format(last.value)}, between ${format(Math.min(...values))} and ${format(Math.max(...values))}`;
}
