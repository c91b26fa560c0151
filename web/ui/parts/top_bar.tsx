import type { ComponentChildren, JSX } from 'preact';
import { now } from './clock';
import { client, connection } from './connection';
import { nextTheme, theme } from './theme';
import { AutoIcon, Mark, MoonIcon, SunIcon } from './icons';

const stateWords = { open: 'Live', connecting: 'Connecting', offline: 'Offline', closed: 'Offline' };

interface TopBarProps {
  application: string;
  /** What the mark leads to, in words. */
  start: string;
  /** More tools, before the connection's state. */
  children?: ComponentChildren;
}

export function TopBar({ application, start, children }: TopBarProps): JSX.Element {
  const { state } = connection.value;
  return (
    <header class="top-bar">
      <a class="brand" href="/ui/" aria-label={`twinlane ${application}, ${start}`}>
        <Mark />
        <span class="brand-name">twinlane</span>
        <span class="brand-app">{application}</span>
      </a>
      <div class="top-tools">
        {children}
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
  if (state !== 'offline' && state !== 'closed') return null;
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
