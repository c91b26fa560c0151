import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { stale } from '../../parts/connection';
import { count } from '../../parts/format';
import { BackIcon, NextIcon, SearchIcon } from '../../parts/icons';
import { Message } from '../../parts/message';
import { figures } from '../../parts/metrics';
import { list, nextPage, openList, previousPage, rowsPerPage, showAgents, type AgentList } from '../data/agents';
import { listOf, replaceList, type Route } from '../data/route';
import { types, typesError, type AgentType } from '../data/types';
import { AgentTable } from '../parts/agent_table';
import { ServerStrip } from '../parts/server_strip';
import { Sources } from '../parts/sources';

/** The server: its agent types, the agents of one of them, its sources. */
export function HomePage({ route }: { route: Route & { page: 'home' } }): JSX.Element {
  const all = types.value;
  return (
    <main class="page" data-stale={stale.value}>
      <h1 class="visually-hidden">Agents</h1>
      <ServerStrip />
      {!all ? (
        <Message title={typesError.value ? 'The agent types cannot be read' : 'Reading the agent types…'}>
          {typesError.value}
        </Message>
      ) : all.length === 0 ? (
        <Message title="This server has no agent types">
          Declare one under <code>agents:</code> in its configuration.
        </Message>
      ) : (
        <Agents all={all} route={route} />
      )}
      <Sources />
    </main>
  );
}

function Agents({ all, route }: { all: readonly AgentType[]; route: Route & { page: 'home' } }): JSX.Element {
  const type = all.find((t) => t.type === route.type) ?? (all[0] as AgentType);
  useEffect(() => openList(), []);
  useEffect(() => showAgents(type, route.starts), [type, route.starts]);
  const shown = list.value?.type === type ? list.value : undefined;
  const uris = shown?.uris ?? [];
  return (
    <>
      <div class="toolbar">
        <nav class="segmented types" aria-label="Agent types">
          {all.map((t) => (
            <TypeLink key={t.type} type={t} current={t === type} />
          ))}
        </nav>
        <Filter type={type} starts={route.starts} />
      </div>
      <AgentTable type={type} uris={uris} />
      {uris.length === 0 && <Nothing shown={shown} type={type} />}
      {shown && (shown.more || shown.after.length > 1) && <Pager at={shown} />}
    </>
  );
}

function TypeLink({ type, current }: { type: AgentType; current: boolean }): JSX.Element {
  const active = figures.value?.agents[type.type];
  return (
    <a href={listOf(type.type)} aria-current={current ? 'page' : undefined} data-type={type.type} title={type.route}>
      {type.type}
      {active !== undefined && (
        <span class="num segmented-count" title="in memory">
          {' '}
          {count(active)}
        </span>
      )}
    </a>
  );
}

function Filter({ type, starts }: { type: AgentType; starts: string }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focusOnSlash = (event: KeyboardEvent) => {
      if (event.key !== '/' || /^(INPUT|TEXTAREA|SELECT)$/.test((event.target as HTMLElement).tagName)) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', focusOnSlash);
    return () => window.removeEventListener('keydown', focusOnSlash);
  }, []);
  return (
    <label class="search">
      <SearchIcon />
      <span class="visually-hidden">URI starts with</span>
      <input
        ref={input}
        type="search"
        data-testid="starts"
        placeholder={`Starts with, as in ${type.route.replace(/:[^/]+/g, '42')}`}
        autocomplete="off"
        spellcheck={false}
        value={starts}
        onInput={(e) => replaceList(type.type, e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape') replaceList(type.type, '');
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

function Nothing({ shown, type }: { shown: AgentList | undefined; type: AgentType }): JSX.Element {
  if (shown?.error) return <Message title="The list cannot be read">{shown.error} Trying again.</Message>;
  if (!shown || shown.loading) return <Message title="Listing…" />;
  if (shown.starts)
    return (
      <Message title={`No ${type.type} has a URI that starts so`}>
        <a class="button" href={listOf(type.type)}>
          Show all
        </a>
      </Message>
    );
  return (
    <Message title="No agents yet" testid="no-agents">
      An agent appears here with its first event. This page keeps looking.
    </Message>
  );
}

function Pager({ at }: { at: AgentList }): JSX.Element {
  const first = (at.after.length - 1) * rowsPerPage;
  return (
    <nav class="pager" aria-label="Pages of agents">
      <button class="button button-quiet" type="button" disabled={at.after.length < 2} onClick={previousPage}>
        <BackIcon /> Previous
      </button>
      <span class="num">
        {count(first + 1)} to {count(first + at.uris.length)}
      </span>
      <button class="button button-quiet" type="button" disabled={!at.more} onClick={nextPage} data-testid="next">
        Next <NextIcon />
      </button>
    </nav>
  );
}
