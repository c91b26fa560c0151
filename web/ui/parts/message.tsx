import type { ComponentChildren, JSX } from 'preact';

interface MessageProps {
  title: string;
  children?: ComponentChildren;
  testid?: string;
}

/** What stands where there is nothing to show, and why. */
export function Message({ title, children, testid }: MessageProps): JSX.Element {
  return (
    <div class="message" data-testid={testid}>
      <h2>{title}</h2>
      <div>{children}</div>
    </div>
  );
}
