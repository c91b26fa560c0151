import type { JSX } from 'preact';
import type { EntityFeed, TailLine } from './feed';
import { bytes, timeOfDay } from './format';

const linesShown = 3;

/** The newest diffs in words. */
export function EventTail({ feed }: { feed: EntityFeed }): JSX.Element {
  const lines = feed.tail.value;
  return (
    <section class="card tail" aria-labelledby="tail" data-testid="tail">
      <header class="card-head">
        <h3 id="tail">Changes</h3>
        <span class="card-note">last 50</span>
      </header>
      <ol class="tail-lines" tabIndex={0} aria-label="Changes, newest first">
        {lines.map((line) => (
          <Line key={line.seq} line={line} />
        ))}
      </ol>
    </section>
  );
}

function Line({ line }: { line: TailLine }): JSX.Element {
  const more = line.lines.length - linesShown;
  return (
    <li class={`tail-line tail-${line.kind}`}>
      <span class="tail-meta num">
        <time dateTime={new Date(line.at).toISOString()}>{timeOfDay(line.at)}</time>
        {line.rev !== undefined && <span>rev {line.rev}</span>}
        {line.bytes !== undefined && <span>{bytes(line.bytes)}</span>}
      </span>
      {line.lines.slice(0, linesShown).map((text) => (
        <ChangeText key={text} text={text} />
      ))}
      {more > 0 && (
        <span class="tail-more" title={line.lines.slice(linesShown).join('\n')}>
          and {more} more
        </span>
      )}
    </li>
  );
}

/** `path → value`, the path quieter than the value. */
function ChangeText({ text }: { text: string }): JSX.Element {
  const at = text.search(/ (→|added|removed|withdrawn|set)/);
  if (at < 0) return <span class="tail-text">{text}</span>;
  return (
    <span class="tail-text">
      <span class="tail-path">{text.slice(0, at)}</span>
      {text.slice(at)}
    </span>
  );
}
