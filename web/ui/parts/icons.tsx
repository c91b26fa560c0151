import type { ComponentChildren, JSX } from 'preact';

function Icon({ children, size = 16 }: { children: ComponentChildren; size?: number }): JSX.Element {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3 3" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="M9.5 3.5 5 8l4.5 4.5" />
  </Icon>
);
export const NextIcon = () => (
  <Icon>
    <path d="M6.5 3.5 11 8l-4.5 4.5" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="3" />
    <path d="M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />
  </Icon>
);
export const AutoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 2.5v11A5.5 5.5 0 0 0 8 2.5Z" fill="currentColor" />
  </Icon>
);
export const TagIcon = () => (
  <Icon>
    <path d="M2.5 7.2V3.3c0-.4.4-.8.8-.8h3.9c.3 0 .5.1.7.3l5.3 5.3c.4.4.4 1 0 1.4l-3.7 3.7c-.4.4-1 .4-1.4 0L2.8 7.9a1 1 0 0 1-.3-.7Z" />
    <circle cx="5.4" cy="5.4" r=".6" fill="currentColor" />
  </Icon>
);
export const LockIcon = () => (
  <Icon>
    <path d="M3.5 7.2h9v6h-9zM5.4 7.2V5.1a2.6 2.6 0 0 1 5.2 0v2.1" />
  </Icon>
);
export const SortIcon = ({ direction }: { direction: 'ascending' | 'descending' | 'none' }) => (
  <svg class="icon sort-icon" width="8" height="12" viewBox="0 0 8 12" aria-hidden="true" fill="currentColor">
    <path d="M4 1 7 5H1Z" opacity={direction === 'ascending' ? 1 : 0.28} />
    <path d="M4 11 1 7h6Z" opacity={direction === 'descending' ? 1 : 0.28} />
  </svg>
);

/** The mark: two lanes, one of them ahead. */
export const Mark = () => (
  <svg class="mark" width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="var(--brand)" />
    <path d="M7 11h11M7 21h18" stroke="#fff" stroke-width="3.2" stroke-linecap="round" />
    <circle cx="23.5" cy="11" r="2.5" fill="#7fe3d6" />
  </svg>
);
