import { drawOnceAFrame } from '@twinlane/ui/draw';
import { Message } from '@twinlane/ui/message';
import { startPolling } from '@twinlane/ui/metrics';
import { OfflineBanner, TopBar } from '@twinlane/ui/top_bar';
import { render, type JSX } from 'preact';
import { route, startRouter } from './data/route';
import { CustomerPage } from './pages/customer_page';
import { DeskPage } from './pages/desk_page';
import { SegmentPage } from './pages/segment_page';
import './style.css';

function App(): JSX.Element {
  const to = route.value;
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <TopBar application="Ratings" start="the desk" />
      <OfflineBanner />
      <div id="content" tabIndex={-1}>
        {to.page === 'desk' && <DeskPage />}
        {to.page === 'customer' && <CustomerPage key={to.uri} uri={to.uri} />}
        {to.page === 'segment' && <SegmentPage key={to.uri} uri={to.uri} />}
        {to.page === 'unknown' && (
          <main class="page">
            <Message title={`There is no page at ${to.path}`}>
              <a class="button" href="/ui/">
                The desk
              </a>
            </Message>
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
