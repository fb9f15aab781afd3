/** Time as the page shows it, and whether anybody looks. */
import { effect, signal } from '@preact/signals';

export const isHidden = signal(document.hidden);

document.addEventListener('visibilitychange', () => {
  isHidden.value = document.hidden;
});

/** Rises twice a second while the page is looked at. */
export const now = signal(Date.now());

effect(() => {
  if (isHidden.value) return undefined;
  now.value = Date.now();
  const timer = setInterval(() => {
    now.value = Date.now();
  }, 500);
  return () => clearInterval(timer);
});
