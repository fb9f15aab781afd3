/** The state that an address can hold: the view and its choices, in the hash. */
import { computed, signal } from '@preact/signals';

export const VIEWS = [
  ['overview', 'Overview'],
  ['l1', 'L1'],
  ['l2', 'L2'],
  ['key', 'Key'],
  ['loads', 'Loads'],
  ['bus', 'Bus'],
  ['events', 'Events'],
  ['config', 'Config'],
  ['advice', 'Advice'],
] as const;

export type View = (typeof VIEWS)[number][0];

export interface Route {
  view: View;
  params: URLSearchParams;
}

const isView = (name: string): name is View => VIEWS.some(([view]) => view === name);

function read(): Route {
  const [, path = '', query = ''] = /^#?\/?([^?]*)\??(.*)$/.exec(location.hash) ?? [];
  return { view: isView(path) ? path : 'overview', params: new URLSearchParams(query) };
}

export const route = signal<Route>(read());
export const view = computed(() => route.value.view);

addEventListener('hashchange', () => {
  route.value = read();
});

/** The address of a view; the chosen cache goes along. Choices that are empty are left out. */
export function linkTo(target: View, params: Record<string, string | undefined> = {}): string {
  const query = new URLSearchParams();
  const cache = route.value.params.get('cache');
  for (const [name, value] of Object.entries({ cache: cache ?? undefined, ...params })) {
    if (value !== undefined && value !== '') query.set(name, value);
  }
  const text = query.toString();
  return `#/${target}${text === '' ? '' : `?${text}`}`;
}

export const param = (name: string): string => route.value.params.get(name) ?? '';

/** Changes choices of the view that is shown, without a step in the history. */
export function choose(changes: Record<string, string | undefined>): void {
  const now = Object.fromEntries(route.value.params);
  history.replaceState(null, '', linkTo(view.value, { ...now, ...changes }));
  route.value = read();
}

export const go = (target: View, params: Record<string, string | undefined> = {}): void => {
  location.hash = linkTo(target, params);
};
