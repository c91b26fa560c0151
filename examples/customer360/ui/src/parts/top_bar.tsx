import type { JSX } from 'preact';
import { now } from '../data/clock';
import { client, connection } from '../data/connection';
import { nextTheme, theme } from '../data/theme';
import { AutoIcon, Mark, MoonIcon, SunIcon } from './icons';

const stateWords = { open: 'Live', connecting: 'Connecting', offline: 'Offline' };

export function TopBar(): JSX.Element {
  const { state } = connection.value;
  return (
    <header class="top-bar">
      <a class="brand" href="/ui/" aria-label="twinlane Customer 360, all customers">
        <Mark />
        <span class="brand-name">twinlane</span>
        <span class="brand-app">Customer 360</span>
      </a>
      <div class="top-tools">
        <div class="connection" data-testid="connection" data-state={state} role="status">
          <i aria-hidden="true" />
          {stateWords[state]}
        </div>
        <ThemeButton />
      </div>
    </header>
  );
}

function ThemeButton(): JSX.Element {
  const names = { auto: 'as the system', light: 'light', dark: 'dark' };
  return (
    <button
      class="icon-button"
      type="button"
      onClick={nextTheme}
      data-testid="theme"
      aria-label={`Colours: ${names[theme.value]}. Change`}
      title={`Colours: ${names[theme.value]}`}
    >
      {theme.value === 'light' ? <SunIcon /> : theme.value === 'dark' ? <MoonIcon /> : <AutoIcon />}
    </button>
  );
}

/** Says that what is shown is old, and when the next attempt comes. */
export function OfflineBanner(): JSX.Element | null {
  const { state, retryAt, reason } = connection.value;
  if (state !== 'offline') return null;
  const seconds = retryAt === undefined ? undefined : Math.ceil((retryAt - now.value) / 1000);
  return (
    <div class="banner" role="alert">
      <p>
        <strong>Not connected.</strong> What you see is the last known state{reason ? ` (${reason})` : ''}.
        <span aria-hidden="true" class="num">
          {seconds === undefined ? '' : seconds > 0 ? ` Next attempt in ${seconds} s.` : ' Trying now.'}
        </span>
      </p>
      <button type="button" class="button button-quiet" onClick={() => client.retryNow()}>
        Retry now
      </button>
    </div>
  );
}
