import { TwinlaneError, type JsonObject } from '@twinlane/client';
import { client, connection } from '@twinlane/ui/connection';
import { milliseconds, words } from '@twinlane/ui/format';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { mayCommand } from '../data/roles';

type Answer =
  | { kind: 'ok'; rev: number; ms: number; result: string | undefined }
  | { kind: 'failed'; code: string; message: string };

interface FormProps {
  uri: string;
  lane: string;
  label: string;
  /** The command's value from the form's fields. */
  read: (fields: FormData) => JsonObject;
  children: ComponentChildren;
}

/** One command: its fields, its button, and what came of it. */
function CommandForm({ uri, lane, label, read, children }: FormProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer | undefined>();
  const allowed = mayCommand(lane);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    const sent = performance.now();
    try {
      const { rev, result } = await client.command(uri, lane, read(new FormData(form)));
      setAnswer({
        kind: 'ok',
        rev,
        ms: performance.now() - sent,
        result: result === null ? undefined : JSON.stringify(result),
      });
    } catch (failure) {
      const { code, message } =
        failure instanceof TwinlaneError ? failure : new TwinlaneError('failed', String(failure));
      setAnswer({ kind: 'failed', code, message });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="command" onSubmit={(e) => void submit(e)} aria-label={label}>
      <div class="command-fields">
        {children}
        <button
          class="button"
          type="submit"
          data-command={lane}
          disabled={busy || !allowed || connection.value.state !== 'open'}
        >
          {label}
        </button>
      </div>
      <p class="answer" role="status" data-testid={`answer-${lane}`} data-kind={answer?.kind}>
        {!answer && !allowed && 'Not for this role'}
        {answer?.kind === 'ok' && (
          <>
            Applied as rev <b class="num">{answer.rev}</b> in <span class="num">{milliseconds(answer.ms)} ms</span>
            {answer.result && <code>{answer.result}</code>}
          </>
        )}
        {answer?.kind === 'failed' && (
          <>
            {answer.message} <code>{answer.code}</code>
          </>
        )}
      </p>
    </form>
  );
}

const tiers = ['bronze', 'silver', 'gold', 'platinum'];

export function CommandForms({ uri, tier }: { uri: string; tier: string | undefined }): JSX.Element {
  const choices = tier === undefined || tiers.includes(tier.toLowerCase()) ? tiers : [...tiers, tier];
  return (
    <section class="card commands" aria-labelledby="commands">
      <header class="card-head">
        <h3 id="commands">Commands</h3>
      </header>
      <CommandForm
        uri={uri}
        lane="issue_voucher"
        label="Issue voucher"
        read={(f) => ({ amount: Number(f.get('amount')), reason: String(f.get('reason')) })}
      >
        <label class="input-amount">
          <span class="visually-hidden">Amount in dollars</span>
          <i aria-hidden="true">$</i>
          <input name="amount" type="number" min="0.01" max="10000" step="0.01" defaultValue="10" required />
        </label>
        <label class="input-grow">
          <span class="visually-hidden">Reason</span>
          <input name="reason" type="text" maxLength={200} defaultValue="Goodwill" required />
        </label>
      </CommandForm>
      <CommandForm uri={uri} lane="set_tier" label="Set tier" read={(f) => ({ tier: String(f.get('tier')) })}>
        <label class="input-grow">
          <span class="visually-hidden">Tier</span>
          <select name="tier" key={tier}>
            {choices.map((name) => (
              <option key={name} value={name} selected={name === (tier?.toLowerCase() ?? 'gold')}>
                {words(name)}
              </option>
            ))}
          </select>
        </label>
      </CommandForm>
      <CommandForm uri={uri} lane="add_note" label="Add note" read={(f) => ({ text: String(f.get('text')) })}>
        <label class="input-grow">
          <span class="visually-hidden">Note</span>
          <input name="text" type="text" maxLength={500} placeholder="Write a note" required />
        </label>
      </CommandForm>
    </section>
  );
}
