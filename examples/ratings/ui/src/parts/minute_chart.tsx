import { effect } from '@preact/signals';
import { count } from '@twinlane/ui/format';
import { theme } from '@twinlane/ui/theme';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { minuteMs, sum, type Minutes } from '../data/view';

interface MinuteChartProps {
  label: string;
  minutes: Minutes;
  /** Bars on top of each other, for counts; lines for what does not add up. */
  kind: 'bars' | 'lines';
  /** The scale of lines; bars begin at 0 and reach as far as they must. */
  range?: [number, number];
}

const height = 210;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

const colourOf = (i: number) => `var(--series-${(i % 6) + 1})`;

const probe = document.createElement('i');
probe.hidden = true;

/** A colour of the style sheet as a canvas takes it, which knows neither variables nor light-dark(). */
function paint(name: string): string {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** Each series on top of those before it. */
function stacked(values: Minutes['values']): number[][] {
  const below = (values[0] ?? []).map(() => 0);
  return values.map((series) => series.map((value, j) => (below[j] = (below[j] ?? 0) + (value ?? 0))));
}

// uPlot draws series in their order: the highest stack goes first, so that the lower ones stay in sight.
function dataOf({ minutes, kind }: MinuteChartProps): uPlot.AlignedData {
  const at = minutes.starts.map((start) => (start + minuteMs / 2) / 1000);
  if (kind === 'bars') return [at, ...stacked(minutes.values).reverse()];
  return [at, ...minutes.values.map((series) => series.map((value) => value ?? null))];
}

interface Surroundings {
  width: number;
  /** What is shown now: the options outlive the minutes that they were made with. */
  shown: () => Minutes;
  onPoint: (at: number | undefined) => void;
}

function axesOf(): uPlot.Axis[] {
  const axis = { stroke: () => paint('--ink-quiet'), font: '11px sans-serif', ticks: { show: false } };
  const times = (_: uPlot, splits: number[]) => splits.map((s) => clock.format(s * 1000));
  return [
    { ...axis, grid: { show: false }, space: 64, size: 26, values: times },
    { ...axis, grid: { stroke: () => paint('--line'), width: 1 }, size: 34, space: 34 },
  ];
}

function optionsOf({ minutes, kind, range }: MinuteChartProps, { width, shown, onPoint }: Surroundings): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [0.72, 48], radius: 0.12 });
  const names = kind === 'bars' ? [...minutes.names].reverse() : minutes.names;
  return {
    width,
    height,
    padding: [10, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => [(shown().starts[0] ?? 0) / 1000, (shown().starts.at(-1) ?? 0) / 1000 + 60] },
      y: { range: range ? () => range : (_, __, most) => [0, Math.max(4, Math.ceil((most ?? 0) * 1.08))] },
    },
    axes: axesOf(),
    series: [
      {},
      ...names.map((name): uPlot.Series => {
        const i = minutes.names.indexOf(name);
        const stroke = () => paint(`--series-${(i % 6) + 1}`);
        if (kind === 'lines') return { label: name, stroke, width: 2, spanGaps: true, points: { show: false } };
        return { label: name, fill: stroke, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) };
      }),
    ],
    hooks: { setCursor: [(chart) => onPoint(chart.cursor.idx ?? undefined)] },
  };
}

/** Figures by the minute over the last fifteen, with a legend that follows the pointer. */
export function MinuteChart(props: MinuteChartProps): JSX.Element {
  const { label, minutes, kind } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>();
  const latest = useRef(props);
  latest.current = props;
  const [point, setPoint] = useState<number | undefined>();
  const shape = `${kind}:${minutes.names.join()}`;
  useEffect(() => {
    const within = place.current as HTMLDivElement;
    const { width } = within.getBoundingClientRect();
    const around = { width, shown: () => latest.current.minutes, onPoint: setPoint };
    const made = new uPlot(optionsOf(latest.current, around), dataOf(latest.current), within);
    chart.current = made;
    const sized = new ResizeObserver(([entry]) => {
      if (entry) made.setSize({ width: entry.contentRect.width, height });
    });
    sized.observe(within);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => requestAnimationFrame(() => made.redraw(false));
    dark.addEventListener('change', redraw);
    const stop = effect(() => void [theme.value, redraw()]);
    return () => {
      stop();
      dark.removeEventListener('change', redraw);
      sized.disconnect();
      made.destroy();
    };
  }, [shape]);
  useEffect(() => chart.current?.setData(dataOf(latest.current)), [minutes]);
  return (
    <figure class="minute-chart">
      <div ref={place} class="minute-plot" role="img" aria-label={summary(label, minutes, kind)} />
      <Legend minutes={minutes} point={point} kind={kind} />
    </figure>
  );
}

function Legend({ minutes, point, kind }: { minutes: Minutes; point: number | undefined; kind: string }): JSX.Element {
  const start = point === undefined ? undefined : minutes.starts[point];
  const figure = (series: (number | undefined)[]) => {
    if (start !== undefined && point !== undefined) return series[point];
    return kind === 'bars' ? sum(series) : series.filter((value) => value !== undefined).at(-1);
  };
  return (
    <figcaption class="legend">
      {minutes.names.map((name, i) => {
        const value = figure(minutes.values[i] as (number | undefined)[]);
        return (
          <span key={name} class="legend-item">
            <i style={{ background: colourOf(i) }} aria-hidden="true" />
            {name} <b class="num">{value === undefined ? '–' : kind === 'bars' ? count(value) : value.toFixed(1)}</b>
          </span>
        );
      })}
      <span class="legend-when num">
        {start === undefined ? (kind === 'bars' ? '15 minutes' : 'now') : clock.format(start)}
      </span>
    </figcaption>
  );
}

function summary(label: string, minutes: Minutes, kind: string): string {
  if (minutes.names.length === 0) return `${label}: nothing yet`;
  const parts = minutes.names.map((name, i) => {
    const series = minutes.values[i] as (number | undefined)[];
    const last = series.filter((value) => value !== undefined).at(-1);
    return `${name} ${kind === 'bars' ? count(sum(series)) : (last ?? 'none')}`;
  });
  return `${label} over the last 15 minutes: ${parts.join(', ')}`;
}
