/**
 * Follows links below /ui/ without loading the page anew, and calls `show` whenever the address has changed. Links to
 * parts of a page, to other windows and with modifier keys stay the browser's.
 */
export function followLinks(show: () => void): void {
  history.scrollRestoration = 'manual';
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
    const to = link.pathname + link.search;
    if (to !== location.pathname + location.search) history.pushState(null, '', to);
    show();
  });
}

/** The last segment of a URI, decoded: `/customer/42` → `42`. */
export function idOf(uri: string): string {
  const last = uri.slice(uri.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** The page of an agent: its URI below /ui. */
export function pageOf(uri: string): string {
  return `/ui${uri}`;
}
