import { drawOnceAFrame } from '@twinlane/ui/draw';
import { startPolling } from '@twinlane/ui/metrics';
import { OfflineBanner, TopBar } from '@twinlane/ui/top_bar';
import { render, type JSX } from 'preact';
import { route, startRouter } from './data/router';
import { CustomerPage } from './pages/customer_page';
import { ListPage } from './pages/list_page';
import './style.css';

function App(): JSX.Element {
  const to = route.value;
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <TopBar application="Customer 360" start="all customers" />
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

drawOnceAFrame();
startRouter();
startPolling();
const root = document.getElementById('app');
if (root) render(<App />, root);
