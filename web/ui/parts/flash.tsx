import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const flashMs = 1400;

/**
 * Attributes that let an element flash when `value` changes. Two animations of the same look take turns, because a
 * browser starts one again only when its name changes.
 */
export function useFlash(value: unknown, startsFresh = false): { class?: string; 'data-flash'?: string } {
  const previous = useRef(value);
  const runs = useRef(startsFresh ? 1 : 0);
  const [ended, setEnded] = useState(0);
  if (previous.current !== value) {
    previous.current = value;
    runs.current += 1;
  }
  const run = runs.current;
  useEffect(() => {
    if (run === 0) return undefined;
    const timer = setTimeout(() => setEnded(run), flashMs);
    return () => clearTimeout(timer);
  }, [run]);
  return run > ended ? { class: 'flash', 'data-flash': String(run % 2) } : {};
}

interface FlashProps {
  /** What to compare; give the text that is shown. */
  value: unknown;
  class?: string;
  fresh?: boolean;
  title?: string | undefined;
  children?: ComponentChildren;
}

/** A piece of text that flashes when it changes. */
export function Flash({ value, class: name, fresh = false, title, children }: FlashProps): JSX.Element {
  const flash = useFlash(value, fresh);
  return (
    <span {...flash} class={[name, flash.class].filter(Boolean).join(' ')} title={title}>
      {children ?? (value as ComponentChildren)}
    </span>
  );
}
