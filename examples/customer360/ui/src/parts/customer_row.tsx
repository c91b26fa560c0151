import type { Signal } from '@preact/signals';
import { Avatar, Badge, RelativeTime, Tier } from '@twinlane/ui/figures';
import { Flash } from '@twinlane/ui/flash';
import { initials, money, words } from '@twinlane/ui/format';
import { TagIcon } from '@twinlane/ui/icons';
import { pageOf } from '@twinlane/ui/links';
import type { JSX } from 'preact';
import type { Row } from '../data/customers';
import { Mood, Risk } from './figures';
import { stateTone } from '../data/lanes';
import { maySee } from '../data/roles';
import { HiddenCell } from './hidden';

/** One customer of the list. Draws itself again when its own customer changes, and only then. */
export function CustomerRow({ row }: { row: Signal<Row> }): JSX.Element {
  const { uri, id, state, view, moods, changedAt } = row.value;
  if (!state) return <WaitingRow uri={uri} id={id} />;
  const name = view.name ?? `Customer ${id}`;
  return (
    <div class="row" role="row" data-entity={uri}>
      <div class="cell cell-name" role="cell">
        <Avatar id={id} initials={initials(view.name ?? '')} />
        <span class="who">
          <a class="row-link" href={pageOf(uri)}>
            <Flash value={name} />
          </a>
          <span class="who-id num">{uri}</span>
        </span>
      </div>
      <div class="cell cell-tier" role="cell">
        <Tier name={view.tier} />
      </div>
      <div class="cell cell-segment" role="cell">
        {!maySee('segment') ? (
          <HiddenCell />
        ) : view.segment === undefined ? (
          <span class="none">–</span>
        ) : (
          <Flash value={words(view.segment)} />
        )}
      </div>
      <div class="cell cell-mood" role="cell">
        <span class="cell-label">Sentiment</span>
        {maySee('sentiment') ? <Mood sentiment={view.sentiment} moods={moods} /> : <HiddenCell />}
      </div>
      <div class="cell cell-risk" role="cell">
        <span class="cell-label">Churn risk</span>
        {maySee('churn_risk') ? <Risk risk={view.risk} /> : <HiddenCell />}
      </div>
      <div class="cell cell-offer" role="cell">
        {maySee('next_best_offer') ? <OfferCell view={view} /> : <HiddenCell />}
      </div>
      <div class="cell cell-status" role="cell">
        {maySee('status') ? <StatusCell view={view} /> : <HiddenCell />}
      </div>
      <div class="cell cell-changed" role="cell">
        <RelativeTime at={changedAt} />
      </div>
    </div>
  );
}

function OfferCell({ view }: { view: Row['view'] }): JSX.Element {
  if (!view.offer)
    return (
      <Flash value="" class="none">
        <span aria-hidden="true">–</span>
        <span class="visually-hidden">No offer</span>
      </Flash>
    );
  const { title, reason, discount } = view.offer;
  return (
    <Flash value={`${title}|${discount ?? ''}`} class="offer-line" title={[title, reason].filter(Boolean).join(' – ')}>
      <TagIcon />
      <span class="offer-text">{title}</span>
      {discount && <span class="chip">{discount}</span>}
    </Flash>
  );
}

function StatusCell({ view }: { view: Row['view'] }): JSX.Element {
  const { state, spend30d } = view.status ?? {};
  if (state === undefined && spend30d === undefined) return <span class="none">–</span>;
  return (
    <>
      {state !== undefined && (
        <Badge tone={stateTone(state)}>
          <Flash value={words(state)} />
        </Badge>
      )}
      {spend30d !== undefined && <Flash value={money(spend30d)} class="num spend" title="Spend, 30 days" />}
    </>
  );
}

function WaitingRow({ uri, id }: { uri: string; id: string }): JSX.Element {
  return (
    <div class="row row-waiting" role="row" data-entity={uri}>
      <div class="cell cell-name" role="cell">
        <Avatar id={id} initials="" />
        <span class="who">
          <a class="row-link" href={pageOf(uri)}>
            Customer {id}
          </a>
          <span class="who-id num">{uri}</span>
        </span>
      </div>
      <div class="cell cell-wait" role="cell">
        <i class="skeleton" aria-hidden="true" />
      </div>
    </div>
  );
}
