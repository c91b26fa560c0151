import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { connection } from '../../parts/connection';
import { RelativeTime } from '../../parts/figures';
import { Flash } from '../../parts/flash';
import { count } from '../../parts/format';
import { BackIcon, NextIcon, SearchIcon } from '../../parts/icons';
import { pageOf } from '../../parts/links';
import { Message } from '../../parts/message';
import { figures } from '../../parts/metrics';
import {
  list,
  nextPage,
  openList,
  previousPage,
  rowLanes,
  rowOf,
  rowsPerPage,
  showAgents,
  type AgentList,
} from '../data/agents';
import { laneLine } from '../data/lane_view';
import { listOf, replaceList, type Route } from '../data/route';
import { isKeyed, types, typesError, type AgentType } from '../data/types';
import { ServerStrip } from '../parts/server_strip';
import { Sources } from '../parts/sources';

/** The server: its agent types, the agents of one of them, its sources. */
export function HomePage({ route }: { route: Route & { page: 'home' } }): JSX.Element {
  const all = types.value;
  return (
    <main class="page" data-stale={connection.value.state === 'offline'}>
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
      <Table type={type} shown={list.value?.type === type ? list.value : undefined} />
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

function Table({ type, shown }: { type: AgentType; shown: AgentList | undefined }): JSX.Element {
  const lanes = rowLanes(type);
  const uris = shown?.uris ?? [];
  return (
    <>
      <table class="agents" aria-label={`Agents of type ${type.type}`}>
        <thead>
          <tr>
            <th scope="col">URI</th>
            {lanes.map((lane) => (
              <th key={lane} scope="col">
                {lane}
              </th>
            ))}
            <th scope="col" class="agents-rev">
              Rev
            </th>
            <th scope="col" class="agents-changed">
              Changed
            </th>
          </tr>
        </thead>
        <tbody onKeyDown={moveFocus}>
          {uris.map((uri) => (
            <AgentRow key={uri} uri={uri} type={type} lanes={lanes} />
          ))}
        </tbody>
      </table>
      {uris.length === 0 && <Nothing shown={shown} type={type} />}
      {shown && (shown.more || shown.after.length > 1) && <Pager at={shown} />}
    </>
  );
}

function AgentRow({ uri, type, lanes }: { uri: string; type: AgentType; lanes: string[] }): JSX.Element {
  const { state, changedAt } = rowOf(uri).value;
  const line = (lane: string) => {
    const kind = type.lanes.find(({ name }) => name === lane)?.kind ?? 'value';
    return laneLine(state?.lanes[lane], isKeyed(kind));
  };
  return (
    <tr data-entity={uri}>
      <th scope="row">
        <a class="agents-link num" href={pageOf(uri)}>
          {uri}
        </a>
      </th>
      {lanes.map((lane) => {
        const text = line(lane);
        return (
          <td key={lane} data-label={lane}>
            {text === undefined ? <span class="none">–</span> : <Flash value={text} class="agents-line" title={text} />}
          </td>
        );
      })}
      <td class="agents-rev num">{state ? count(state.rev) : ''}</td>
      <td class="agents-changed">
        <RelativeTime at={changedAt} />
      </td>
    </tr>
  );
}

/** Up and down go from row to row. */
function moveFocus(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const row = (event.target as Element).closest('tr');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector<HTMLElement>('.agents-link');
  if (!link) return;
  event.preventDefault();
  link.focus();
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
