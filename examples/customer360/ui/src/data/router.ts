import { signal } from '@preact/signals';
import { followLinks, idOf } from '@twinlane/ui/links';

export type Route = { page: 'list' } | { page: 'customer'; uri: string } | { page: 'unknown'; path: string };

/** `/ui/` is the list; `/ui/customer/42` and the customer's own URL `/customer/42` are one customer. */
export function routeOf(path: string): Route {
  const inner = path.startsWith('/ui/') ? path.slice(3) : path;
  if (inner === '/' || path === '/ui') return { page: 'list' };
  const match = /^\/customer\/([^/]+)\/?$/.exec(inner);
  if (match) return { page: 'customer', uri: `/customer/${match[1]}` };
  return { page: 'unknown', path };
}

export const route = signal<Route>(routeOf(location.pathname));
const listScroll = { y: 0 };

function show(): void {
  if (route.peek().page === 'list') listScroll.y = window.scrollY;
  route.value = routeOf(location.pathname);
  document.title = titleOf(route.value);
  const y = route.value.page === 'list' ? listScroll.y : 0;
  requestAnimationFrame(() => requestAnimationFrame(() => window.scrollTo(0, y)));
}

function titleOf(to: Route): string {
  return to.page === 'customer' ? `Customer ${idOf(to.uri)} · twinlane` : 'Customer 360 · twinlane';
}

export function startRouter(): void {
  document.title = titleOf(route.peek());
  followLinks(show);
}
