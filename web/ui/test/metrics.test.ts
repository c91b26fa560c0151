import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buckets, figures, parseMetrics, quantile, takePoll } from '../parts/metrics';

const body = (events: number, counts: number[]) => `# HELP twinlane_events_total Events.
# TYPE twinlane_events_total counter
twinlane_events_total{source="orders",outcome="applied"} ${events}
twinlane_events_total{source="orders",outcome="duplicate"} 7
twinlane_agents{type="customer"} 40
twinlane_agents{type="product"} 12
twinlane_event_to_push_seconds_bucket{le="0.001"} ${counts[0]}
twinlane_event_to_push_seconds_bucket{le="0.01"} ${counts[1]}
twinlane_event_to_push_seconds_bucket{le="+Inf"} ${counts[2]}
`;

test('samples are read with labels, escapes and special values', () => {
  const [sample] = parseMetrics('m{a="x\\"y",b="{z}"} +Inf 1700000000\n');
  assert.deepEqual(sample, { name: 'm', labels: { a: 'x\\"y', b: '{z}' }, value: Infinity });
  assert.deepEqual(parseMetrics('# only\n\ncomments'), []);
});

test('a quantile is that of what came between two polls', () => {
  const before = buckets(parseMetrics(body(0, [1000, 1000, 1000])), 'twinlane_event_to_push_seconds');
  const now = buckets(parseMetrics(body(0, [1000, 1100, 1100])), 'twinlane_event_to_push_seconds');
  assert.ok(Math.abs((quantile(0.5, now, before) ?? 0) - 0.0055) < 1e-9);
  assert.equal(quantile(0.5, now, now), undefined);
  assert.equal(
    quantile(
      0.99,
      [
        [0.001, 0],
        [Infinity, 5],
      ],
      [],
    ),
    0.001,
  );
});

test('rates come from differences, and a server that starts over gives none', () => {
  takePoll(parseMetrics(body(100, [0, 0, 0])), 0);
  assert.equal(figures.value?.eventsPerSecond, undefined);
  takePoll(parseMetrics(body(400, [30, 30, 30])), 2000);
  assert.equal(figures.value?.eventsPerSecond, 150);
  assert.equal(figures.value?.p50Ms, 0.5);
  assert.deepEqual(figures.value?.agents, { customer: 40, product: 12 });
  takePoll(parseMetrics(body(10, [0, 0, 0])), 4000);
  assert.equal(figures.value?.eventsPerSecond, undefined);
  assert.equal(figures.value?.events, 10);
});
