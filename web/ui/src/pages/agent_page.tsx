import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { stale } from '../../parts/connection';
import { EventTail } from '../../parts/event_tail';
import { BackIcon } from '../../parts/icons';
import { Message } from '../../parts/message';
import { TrafficStrip } from '../../parts/traffic_strip';
import { AgentFeed } from '../data/agent_feed';
import { listOf } from '../data/route';
import { isKeyed, types, typeOfUri, type AgentType, type Lane } from '../data/types';
import { CommandForm } from '../parts/command_form';
import { DemandLane, SupplyLane } from '../parts/outer_lanes';
import { KeyedLane, ValueLane } from '../parts/lanes';

/** One agent, live: every lane in the way of its kind. */
export function AgentPage({ uri }: { uri: string }): JSX.Element {
  const all = types.value;
  const type = all && typeOfUri(uri, all);
  return (
    <main class="page" data-stale={stale.value}>
      {!all ? (
        <Message title="Reading the agent types…" />
      ) : !type ? (
        <Message title={`No agent type takes ${uri}`} testid="no-route">
          <a class="button" href="/ui/">
            All agents
          </a>
        </Message>
      ) : (
        <Followed uri={uri} type={type} />
      )}
    </main>
  );
}

function Followed({ uri, type }: { uri: string; type: AgentType }): JSX.Element {
  const feed = useMemo(() => new AgentFeed(uri), [uri]);
  useEffect(() => () => feed.close(), [feed]);
  const state = feed.state.value;
  const error = feed.error.value;
  return (
    <>
      <div class="agent-head">
        <a class="back" href={listOf(type.type)} aria-label={`All agents of type ${type.type}`}>
          <BackIcon />
          <span>{type.type}</span>
        </a>
        <h1 class="num">{uri}</h1>
      </div>
      {error ? (
        <Message title="This agent cannot be followed">
          {error.message} <code>{error.code}</code>
        </Message>
      ) : !state ? (
        <Message title="Waiting for the first snapshot…" />
      ) : !state.exists ? (
        <Message title="This agent does not exist yet" testid="missing">
          This page already follows <code>{uri}</code> and fills the moment its first event arrives.
        </Message>
      ) : (
        <>
          <TrafficStrip feed={feed} />
          <Lanes feed={feed} type={type} />
        </>
      )}
    </>
  );
}

function Lanes({ feed, type }: { feed: AgentFeed; type: AgentType }): JSX.Element {
  const state = feed.state.value;
  const of = (wanted: (kind: string) => boolean): Lane[] => type.lanes.filter(({ kind }) => wanted(kind));
  const commands = of((kind) => kind === 'command');
  const keyed = of(isKeyed);
  // An agent may be of a newer server than the list of types that this page has read.
  const declared = new Set(type.lanes.map(({ name }) => name));
  const others = Object.keys(state?.lanes ?? {}).filter((name) => !declared.has(name));
  const values = [
    ...of((kind) => kind === 'value' || kind === 'join_value'),
    ...others.map((name) => ({ name, kind: 'value' })),
  ];
  return (
    <div class="agent">
      <div class="agent-lanes">
        {values.length > 0 && (
          <div class="agent-values">
            {values.map(({ name, kind }) => (
              <ValueLane key={name} feed={feed} lane={name} kind={kind} />
            ))}
          </div>
        )}
        {of((kind) => kind === 'demand').map(({ name }) => (
          <DemandLane key={name} uri={feed.uri} lane={name} />
        ))}
        {keyed.map(({ name, kind }) => (
          <KeyedLane key={name} feed={feed} lane={name} kind={kind} />
        ))}
        {of((kind) => kind === 'supply').map(({ name }) => (
          <SupplyLane key={name} feed={feed} lane={name} />
        ))}
      </div>
      <div class="agent-side">
        {commands.length > 0 && (
          <section class="card" aria-labelledby="commands">
            <header class="card-head">
              <h3 id="commands">Commands</h3>
            </header>
            {commands.map(({ name }) => (
              <CommandForm key={name} uri={feed.uri} lane={name} />
            ))}
          </section>
        )}
        <EventTail feed={feed} />
      </div>
    </div>
  );
}
