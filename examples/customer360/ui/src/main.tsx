import { options, render, type JSX } from 'preact';
import { startPolling } from './data/metrics';
import { route, startRouter } from './data/router';
import { CustomerPage } from './pages/customer_page';
import { ListPage } from './pages/list_page';
import { OfflineBanner, TopBar } from './parts/top_bar';
import './style.css';

// However many diffs arrive, the page is drawn at most once a frame; unseen pages draw once a second.
options.debounceRendering = (draw) => {
  if (document.hidden) setTimeout(draw, 1000);
  else requestAnimationFrame(draw);
};

function App(): JSX.Element {
  const to = route.value;
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <TopBar />
      <OfflineBanner />
      <div id="content" tabIndex={-1}>
        {to.page === 'list' && <ListPage />}
        {to.page === 'customer' && <CustomerPage key={to.uri} uri={to.uri} />}
        {to.page === 'unknown' && (
          <main class="page">
            <div class="message">
              <h2>There is no page at {to.path}</h2>
              <div>
                <a class="button" href="/ui/">
                  All customers
                </a>
              </div>
            </div>
          </main>
        )}
      </div>
    </>
  );
}

startRouter();
startPolling();
const root = document.getElementById('app');
if (root) render(<App />, root);
