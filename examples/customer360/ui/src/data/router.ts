import { signal } from '@preact/signals';
import { idOf } from './view';

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

export function pageOf(uri: string): string {
  return `/ui${uri}`;
}

/** Follows links within the pages without loading them anew. */
export function startRouter(): void {
  history.scrollRestoration = 'manual';
  document.title = titleOf(route.peek());
  window.addEventListener('popstate', show);
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || link.origin !== location.origin || link.target || link.hash || !link.pathname.startsWith('/ui'))
      return;
    event.preventDefault();
    if (link.pathname !== location.pathname) history.pushState(null, '', link.pathname);
    show();
  });
}
