import type { JSX } from 'preact';
import { RelativeTime } from '../../parts/figures';
import { Flash } from '../../parts/flash';
import { count } from '../../parts/format';
import { pageOf } from '../../parts/links';
import { rowLanes, rowOf } from '../data/agents';
import { laneLine } from '../data/lane_view';
import { isKeyed, type AgentType } from '../data/types';

/** A page of agents with what their values are now. */
export function AgentTable({ type, uris }: { type: AgentType; uris: readonly string[] }): JSX.Element {
  const lanes = rowLanes(type);
  return (
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
