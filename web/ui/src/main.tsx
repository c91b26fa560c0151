import { render, type JSX } from 'preact';
import { drawOnceAFrame } from '../parts/draw';
import { startPolling } from '../parts/metrics';
import { OfflineBanner, TopBar } from '../parts/top_bar';
import { route, startRouter } from './data/route';
import { readTypes } from './data/types';
import { AgentPage } from './pages/agent_page';
import { HomePage } from './pages/home_page';
import './style.css';

function App(): JSX.Element {
  const to = route.value;
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <TopBar application={location.host} start="all agents" />
      <OfflineBanner />
      <div id="content" tabIndex={-1}>
        {to.page === 'home' ? <HomePage route={to} /> : <AgentPage key={to.uri} uri={to.uri} />}
      </div>
    </>
  );
}

drawOnceAFrame();
startRouter();
startPolling();
void readTypes();
const root = document.getElementById('app');
if (root) render(<App />, root);
