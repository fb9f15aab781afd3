/** Light or dark: as the system has it, or as chosen here. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const STORED = 'lazy-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(system.matches);

system.addEventListener('change', () => {
  systemIsDark.value = system.matches;
});

function stored(): Theme {
  const name = localStorage.getItem(STORED);
  return name === 'light' || name === 'dark' ? name : 'system';
}

export const theme = signal<Theme>(stored());

/** Has the document follow it. */
export const followTheme = () =>
  effect(() => {
    const isDark = theme.value === 'system' ? systemIsDark.value : theme.value === 'dark';
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
    if (theme.value === 'system') localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, theme.value);
  });
