import { effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const storageKey = 'twinlane.theme';

function stored(): Theme {
  try {
    const value = localStorage.getItem(storageKey);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto'; // storage may be forbidden
  }
}

export const theme = signal<Theme>(stored());

effect(() => {
  if (theme.value === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
  try {
    localStorage.setItem(storageKey, theme.value);
  } catch {
    // the choice then lasts as long as the page
  }
});

export function nextTheme(): void {
  theme.value = theme.value === 'auto' ? 'light' : theme.value === 'light' ? 'dark' : 'auto';
}
