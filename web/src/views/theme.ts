import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'teredo-theme';

/** What the reader chose; `system` follows the operating system. */
export const theme = signal<Theme>(stored());

/** Goes round: as the system has it, light, dark. */
export function nextTheme(): void {
  theme.value = theme.value === 'system' ? 'light' : theme.value === 'light' ? 'dark' : 'system';
  apply();
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Private windows may refuse; then the choice lasts as long as the page.
  }
}

export function apply(): void {
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}

/** Whether things should jump to where they are going rather than move there. */
export function prefersStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}
