import { signal } from '@preact/signals';
import { followLinks, idOf } from '@twinlane/ui/links';

export type Route =
  | { page: 'desk' }
  | { page: 'customer'; uri: string }
  | { page: 'segment'; uri: string }
  | { page: 'unknown'; path: string };

/** `/ui/` is the desk; `/ui/customer/2` and `/ui/segment/platinum` are those agents. */
export function routeOf(path: string): Route {
  const inner = path.startsWith('/ui/') ? path.slice(3) : path;
  if (inner === '/' || path === '/ui' || inner === '/desk/main') return { page: 'desk' };
  const match = /^\/(customer|segment)\/([^/]+)\/?$/.exec(inner);
  if (!match) return { page: 'unknown', path };
  return { page: match[1] as 'customer' | 'segment', uri: `/${match[1]}/${match[2]}` };
}

export const route = signal<Route>(routeOf(location.pathname));

function titleOf(to: Route): string {
  return to.page === 'customer' || to.page === 'segment' ? `${idOf(to.uri)} · Ratings` : 'Ratings · twinlane';
}

function show(): void {
  route.value = routeOf(location.pathname);
  document.title = titleOf(route.value);
  window.scrollTo(0, 0);
}

export function startRouter(): void {
  document.title = titleOf(route.peek());
  followLinks(show);
}
