import { Tier } from '@twinlane/ui/figures';
import { count } from '@twinlane/ui/format';
import { pageOf } from '@twinlane/ui/links';
import type { JSX } from 'preact';
import { customers } from '../data/customers';

/** Everybody with a profile; a change of status shows at once. */
export function CustomerList(): JSX.Element {
  const all = customers.value;
  return (
    <section class="card customers" aria-labelledby="customers">
      <header class="card-head">
        <h3 id="customers">Customers</h3>
        <span class="card-note num">{count(all.length)}</span>
      </header>
      {all.length === 0 && <p class="empty">None with a profile yet</p>}
      <ul class="customer-list">
        {all.map(({ uri, name, status }) => (
          <li key={uri} data-customer={uri}>
            <a class="name" href={pageOf(uri)}>
              {name}
            </a>
            <Tier name={status} />
          </li>
        ))}
      </ul>
    </section>
  );
}
