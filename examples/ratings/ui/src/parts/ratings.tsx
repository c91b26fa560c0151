import { RelativeTime, Tier } from '@twinlane/ui/figures';
import { useFlash } from '@twinlane/ui/flash';
import { timeOfDay } from '@twinlane/ui/format';
import { pageOf } from '@twinlane/ui/links';
import type { JSX } from 'preact';
import { uriOf } from '../data/customers';
import type { Rating } from '../data/view';

/** `★★☆☆☆`, and in words for who does not see it. */
export function Stars({ n }: { n: number }): JSX.Element {
  const whole = Math.max(0, Math.min(5, Math.round(n)));
  return (
    <span class={`stars stars-${whole}`} role="img" aria-label={`${whole} of 5 stars`}>
      {'★'.repeat(whole)}
      <i>{'☆'.repeat(5 - whole)}</i>
    </span>
  );
}

/** A customer's name, which leads to the customer. */
export function Name({ name }: { name: string }): JSX.Element {
  const uri = uriOf(name);
  return uri ? (
    <a class="name" href={pageOf(uri)}>
      {name}
    </a>
  ) : (
    <span class="name">{name}</span>
  );
}

interface ComplaintProps {
  rating: Rating;
  fresh: boolean;
}

/** One unhappy platinum rating. */
export function Complaint({ rating, fresh }: ComplaintProps): JSX.Element {
  const flash = useFlash(undefined, fresh);
  return (
    <li {...flash} class={['complaint', flash.class].filter(Boolean).join(' ')} data-complaint={rating.key}>
      <span class="complaint-head">
        <Name name={rating.name} />
        <Stars n={rating.stars} />
        <span class="complaint-when">
          {rating.channel} · <RelativeTime at={rating.at} />
        </span>
      </span>
      <span class="complaint-text">{rating.message}</span>
    </li>
  );
}

interface TableProps {
  label: string;
  ratings: readonly Rating[];
  /** Keys that came with the newest diff. */
  fresh: (key: string) => boolean;
  /** On a customer's own page the name goes without saying. */
  named: boolean;
}

export function RatingsTable({ label, ratings, fresh, named }: TableProps): JSX.Element {
  return (
    <div class="ratings-scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="ratings">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {named && <th scope="col">Customer</th>}
            <th scope="col">Status</th>
            <th scope="col">Stars</th>
            <th scope="col">Channel</th>
            <th scope="col" class="ratings-message">
              Message
            </th>
          </tr>
        </thead>
        <tbody>
          {ratings.map((rating) => (
            <RatingRow key={rating.key} rating={rating} fresh={fresh(rating.key)} named={named} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RatingRow({ rating, fresh, named }: { rating: Rating; fresh: boolean; named: boolean }): JSX.Element {
  const flash = useFlash(undefined, fresh);
  return (
    <tr {...flash} data-rating={rating.key}>
      <td class="ratings-time num">{timeOfDay(rating.at)}</td>
      {named && (
        <td class="ratings-name">
          <Name name={rating.name} />
        </td>
      )}
      <td class="ratings-status">
        <Tier name={rating.status} />
      </td>
      <td class="ratings-stars">
        <Stars n={rating.stars} />
      </td>
      <td class="ratings-channel">{rating.channel}</td>
      <td class="ratings-message" title={rating.message}>
        {rating.message}
      </td>
    </tr>
  );
}
