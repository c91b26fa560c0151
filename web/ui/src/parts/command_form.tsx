import { TwinlaneError, type Json } from '@twinlane/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { client, connection } from '../../parts/connection';
import { milliseconds } from '../../parts/format';

type Answer = { kind: 'ok' | 'failed'; text: string; code?: string | undefined };

function read(text: string): Json {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch (failure) {
    throw new TwinlaneError('not_json', failure instanceof Error ? failure.message : String(failure));
  }
}

/** A command's value as JSON, and what came of it. */
export function CommandForm({ uri, lane }: { uri: string; lane: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer | undefined>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get('value') ?? '');
    const sent = performance.now();
    setBusy(true);
    try {
      const { rev, result } = await client.command(uri, lane, read(text));
      const took = milliseconds(performance.now() - sent);
      const said = result === null ? undefined : JSON.stringify(result);
      setAnswer({ kind: 'ok', text: `Applied as rev ${rev} in ${took} ms`, code: said });
    } catch (failure) {
      const { code, message } =
        failure instanceof TwinlaneError ? failure : new TwinlaneError('failed', String(failure));
      setAnswer({ kind: 'failed', text: message, code });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="command" onSubmit={(e) => void submit(e)} aria-label={lane}>
      <div class="command-fields">
        <label class="input-grow">
          <span class="visually-hidden">Value of {lane}, as JSON</span>
          <input name="value" type="text" class="code-input" placeholder="{}" autocomplete="off" spellcheck={false} />
        </label>
        <button class="button" type="submit" data-command={lane} disabled={busy || connection.value.state !== 'open'}>
          {lane}
        </button>
      </div>
      <p class="answer" role="status" data-testid={`answer-${lane}`} data-kind={answer?.kind}>
        {answer && (
          <>
            {answer.text} {answer.code && <code>{answer.code}</code>}
          </>
        )}
      </p>
    </form>
  );
}
