import { effect, signal, type Signal } from '@preact/signals';
import { member, type Json } from '@twinlane/client';
import { client } from '@twinlane/ui/connection';
import { text } from '@twinlane/ui/format';
import { role } from './roles';

const names = new Map<string, Signal<string | undefined>>();
const followedMax = 500;

// They were followed over the connection of the role before.
effect(() => {
  void role.value;
  names.clear();
});

/** A product's name, from the product's own agent. Unknown at first; whoever reads it draws again when it is known. */
export function productName(id: Json | undefined): string | undefined {
  const key = text(id);
  if (key === undefined) return undefined;
  let name = names.get(key);
  if (!name && names.size < followedMax) {
    name = signal<string | undefined>(undefined);
    names.set(key, name);
    follow(key, name);
  }
  return name?.value;
}

function follow(id: string, name: Signal<string | undefined>): void {
  const read = (details: Json | undefined) => (name.value = text(member(details, 'product_name')));
  const product = client.follow(`/product/${encodeURIComponent(id)}`, { lanes: ['details'] });
  product.subscribe(({ lanes }) => read(lanes['details']));
}
