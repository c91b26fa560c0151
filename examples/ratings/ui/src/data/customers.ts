import { signal } from '@preact/signals';
import { member } from '@twinlane/client';
import { client } from '@twinlane/ui/connection';
import { text } from '@twinlane/ui/format';
import { idOf } from '@twinlane/ui/links';

/** A customer as the desk lists it. */
export interface Customer {
  uri: string;
  name: string;
  status: string | undefined;
}

const followedMax = 200;
const refreshMs = 5000;

/** The customers with a profile, in the order of their ids. */
export const customers = signal<readonly Customer[]>([]);

const natural = new Intl.Collator('en', { numeric: true });

/** Follows the profiles of the customers until the returned function is called. */
export function followCustomers(): () => void {
  const known = new Map<string, Customer>();
  const ends = new Map<string, () => void>();
  const take = (uri: string, profile: Parameters<typeof member>[0]) => {
    const name = text(member(profile, 'full_name'));
    if (name === undefined) known.delete(uri);
    else known.set(uri, { uri, name, status: text(member(profile, 'club_status')) });
    customers.value = [...known.values()].sort((a, b) => natural.compare(idOf(a.uri), idOf(b.uri)));
  };
  const follow = (uri: string) => {
    const followed = client.follow(uri, { lanes: ['profile'] });
    followed.subscribe(({ lanes }) => take(uri, lanes['profile']));
    return () => followed.close();
  };
  const refresh = async () => {
    try {
      const answer = await fetch(`/api/entities/customer?limit=${followedMax}`);
      if (!answer.ok) return;
      for (const uri of ((await answer.json()) as { items: string[] }).items)
        if (!ends.has(uri)) ends.set(uri, follow(uri));
    } catch {
      // the connection's state tells
    }
  };
  void refresh();
  const timer = setInterval(() => {
    if (!document.hidden) void refresh();
  }, refreshMs);
  return () => {
    clearInterval(timer);
    for (const end of ends.values()) end();
  };
}

/** The customer of this name, as far as customers are known. */
export function uriOf(name: string): string | undefined {
  return customers.value.find((customer) => customer.name === name)?.uri;
}
