import { Card } from '@twinlane/ui/card';
import { Badge } from '@twinlane/ui/figures';
import { Flash, useFlash } from '@twinlane/ui/flash';
import { count, money, percent, words } from '@twinlane/ui/format';
import { TagIcon } from '@twinlane/ui/icons';
import type { JSX } from 'preact';
import type { CustomerFeed } from '../data/customer';
import { stateTone } from '../data/lanes';
import { productName } from '../data/products';
import { maySee } from '../data/roles';
import { riskLevel, moodLevel, type CustomerView } from '../data/view';
import { Trend } from './figures';
import { HiddenCard } from './hidden';
import { TimeChart } from './time_chart';

interface Props {
  feed: CustomerFeed;
  view: CustomerView;
}

/** What the rules made of everything else: the offer first, then mood, risk and status. */
export function Decisions({ feed, view }: Props): JSX.Element {
  return (
    <div class="decisions">
      {cards.map(({ lane, title, Shown }) =>
        maySee(lane) ? (
          <Shown key={lane} feed={feed} view={view} />
        ) : (
          <HiddenCard key={lane} lane={lane} title={title} class="decision" />
        ),
      )}
    </div>
  );
}

const cards = [
  { lane: 'next_best_offer', title: 'Next best offer', Shown: OfferCard },
  { lane: 'sentiment', title: 'Sentiment', Shown: SentimentCard },
  { lane: 'churn_risk', title: 'Churn risk', Shown: RiskCard },
  { lane: 'status', title: 'Status', Shown: StatusCard },
  { lane: 'segment', title: 'Segment', Shown: SegmentCard },
];

function OfferCard({ feed, view }: Props): JSX.Element {
  const { offer } = view;
  const flash = useFlash(offer ? `${offer.title}|${offer.discount ?? ''}` : '');
  const product =
    offer?.productId === undefined ? undefined : (productName(offer.productId) ?? `Product ${offer.productId}`);
  return (
    <Card
      lane="next_best_offer"
      title="Next best offer"
      activity={feed.activity.value['next_best_offer']}
      class={`decision decision-offer ${offer ? 'has-offer' : ''}`}
    >
      {offer ? (
        <div {...flash} class={['offer', flash.class].filter(Boolean).join(' ')}>
          <p class="offer-title">
            <TagIcon />
            {offer.title}
          </p>
          <p class="offer-chips">
            {offer.discount && <span class="chip chip-strong num">{offer.discount}</span>}
            {product && !offer.title.includes(product) && <span class="chip">{product}</span>}
          </p>
          {offer.reason && (
            <p class="offer-reason">
              <span>Because</span> {offer.reason}
            </p>
          )}
        </div>
      ) : (
        <p {...flash} class={['empty', 'offer-none', flash.class].filter(Boolean).join(' ')}>
          No offer now. One appears the moment the rule finds a reason.
        </p>
      )}
    </Card>
  );
}

function SentimentCard({ feed, view }: Props): JSX.Element {
  const { sentiment } = view;
  return (
    <Card lane="sentiment" activity={feed.activity.value['sentiment']} class="decision">
      {sentiment ? (
        <div class={`level-${moodLevel(sentiment.score)}`}>
          <p class="big">
            <Flash value={Math.round(sentiment.score)} class="num" />
            <small>of 100</small>
            <Trend trend={sentiment.trend} />
          </p>
          <TimeChart
            points={feed.sentiment.value}
            scale={[0, 100]}
            spanMin={30}
            openedAt={feed.openedAt}
            label="Sentiment"
            format={(v) => String(Math.round(v))}
          />
        </div>
      ) : (
        <p class="empty">No reviews, calls, returns or posts to judge by yet</p>
      )}
    </Card>
  );
}

function RiskCard({ feed, view }: Props): JSX.Element {
  const { risk } = view;
  const level = risk ? riskLevel(risk.score) : 'low';
  return (
    <Card lane="churn_risk" title="Churn risk" activity={feed.activity.value['churn_risk']} class="decision">
      {risk ? (
        <div class={`level-${level}`}>
          <p class="big">
            <Flash value={percent(risk.score)} class="num" />
            <small>{words(level)}</small>
            {risk.reasons.length > 0 && (
              <span class="reasons" title={risk.reasons.join(', ')}>
                <Flash value={risk.reasons.join(', ')} />
              </span>
            )}
          </p>
          <TimeChart
            points={feed.risk.value}
            scale={[0, 1]}
            spanMin={0.3}
            openedAt={feed.openedAt}
            label="Churn risk"
            format={percent}
            threshold={0.6}
          />
        </div>
      ) : (
        <p class="empty">Not assessed yet</p>
      )}
    </Card>
  );
}

function StatusCard({ feed, view }: Props): JSX.Element {
  const { status } = view;
  const figures: [string, string | undefined][] = [
    ['Spend, 30 days', money(status?.spend30d)],
    ['Orders', status?.orders === undefined ? undefined : count(status.orders)],
    ['Dropped calls', status?.droppedCalls === undefined ? undefined : count(status.droppedCalls)],
    [
      'Mean rating',
      status?.meanRating === undefined || status.meanRating === 0 ? undefined : `${status.meanRating.toFixed(1)} ★`,
    ],
  ];
  return (
    <Card
      lane="status"
      activity={feed.activity.value['status']}
      class="decision"
      note={
        status?.state && (
          <Badge tone={stateTone(status.state)}>
            <Flash value={words(status.state)} />
          </Badge>
        )
      }
    >
      {status ? (
        <dl class="fields">
          {figures.map(([label, value]) => (
            <div key={label} class="field">
              <dt>{label}</dt>
              <dd class="num">{value === undefined ? <span class="none">–</span> : <Flash value={value} />}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p class="empty">Not computed yet</p>
      )}
    </Card>
  );
}

function SegmentCard({ feed, view }: Props): JSX.Element {
  return (
    <Card lane="segment" activity={feed.activity.value['segment']} class="decision decision-segment">
      <p class="segment-name">
        {view.segment === undefined ? <span class="none">None yet</span> : <Flash value={words(view.segment)} />}
      </p>
    </Card>
  );
}
