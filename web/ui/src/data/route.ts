import { signal } from '@preact/signals';
import { followLinks } from '../../parts/links';

/**
 * `/ui/` lists agents: `?type=` says of which type, `?starts=` those whose URI begins so. What else lies below `/ui/` is
 * the page of the agent with that URI.
 */
export type Route = { page: 'home'; type: string | undefined; starts: string } | { page: 'agent'; uri: string };

export function routeOf(path: string, search: string): Route {
  const inner = path.startsWith('/ui/') ? path.slice(3) : path === '/ui' ? '/' : path;
  if (inner !== '/') return { page: 'agent', uri: inner.replace(/\/+$/, '') };
  const query = new URLSearchParams(search);
  return { page: 'home', type: query.get('type') ?? undefined, starts: query.get('starts') ?? '' };
}

/** The address of a list of agents. */
export function listOf(type: string | undefined, starts = ''): string {
  const query = new URLSearchParams({ ...(type ? { type } : {}), ...(starts ? { starts } : {}) });
  const text = query.toString();
  return text === '' ? '/ui/' : `/ui/?${text}`;
}

export const route = signal<Route>(routeOf(location.pathname, location.search));

function show(): void {
  const before = route.peek();
  route.value = routeOf(location.pathname, location.search);
  document.title = titleOf(route.value);
  if (before.page !== route.value.page) window.scrollTo(0, 0);
}

function titleOf(to: Route): string {
  return to.page === 'agent' ? `${to.uri} · twinlane` : 'twinlane';
}

/** Changes what the list shows without a step in the history: typing is not navigating. */
export function replaceList(type: string | undefined, starts: string): void {
  history.replaceState(null, '', listOf(type, starts));
  route.value = { page: 'home', type, starts };
}

export function startRouter(): void {
  document.title = titleOf(route.peek());
  followLinks(show);
}
