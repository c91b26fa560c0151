import { drawOnceAFrame } from '@twinlane/ui/draw';
import { Message } from '@twinlane/ui/message';
import { startPolling } from '@twinlane/ui/metrics';
import { OfflineBanner, TopBar } from '@twinlane/ui/top_bar';
import { render, type JSX } from 'preact';
import { access, mayReadMetrics, role, startRoles } from './data/roles';
import { route, startRouter } from './data/router';
import { CustomerPage } from './pages/customer_page';
import { ListPage } from './pages/list_page';
import { RoleSwitch } from './parts/role_switch';
import './style.css';

function App(): JSX.Element {
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <TopBar application="Customer 360" start="all customers">
        <RoleSwitch />
      </TopBar>
      <OfflineBanner />
      <div id="content" tabIndex={-1}>
        {access.value !== 'asking' && <Page key={role.value?.name} />}
      </div>
    </>
  );
}

/** What the address names. Another role is another page: nothing that one has seen is left for the next. */
function Page(): JSX.Element {
  const to = route.value;
  if (to.page === 'list') return <ListPage />;
  if (to.page === 'customer') return <CustomerPage key={to.uri} uri={to.uri} />;
  return (
    <main class="page">
      <Message title={`There is no page at ${to.path}`}>
        <a class="button" href="/ui/">
          All customers
        </a>
      </Message>
    </main>
  );
}

drawOnceAFrame();
startRouter();
startRoles();
startPolling(mayReadMetrics);
const root = document.getElementById('app');
if (root) render(<App />, root);
