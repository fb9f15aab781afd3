/** Requests. Every address is relative to where the page is, under whatever prefix that may be. */
const BASE = new URL(document.documentElement.dataset.base ?? './', location.href);

/**
 * A login by `?token=`. The browser does not send it by itself. It stays in the address, which could not be loaded
 * again without it.
 */
const token = new URLSearchParams(location.search).get('token');

export type Query = Record<string, string | number | boolean | null | undefined>;

export function address(path: string, query: Query = {}): URL {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value));
  }
  if (token !== null) url.searchParams.set('token', token);
  return url;
}

/** An answer that is none. */
export class Refused extends Error {
  constructor(
    /** The HTTP status; 0 when no answer came. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function request<T>(path: string, query: Query, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address(path, query), { credentials: 'same-origin', cache: 'no-store', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Refused(0, 'The process does not answer.');
  }
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return body as T;
  const text = (body as { error?: string } | undefined)?.error ?? `${answer.status} ${answer.statusText}`;
  throw new Refused(answer.status, text);
}

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal) =>
  request<T>(path, query, signal === undefined ? {} : { signal });

export type Action = 'delete' | 'expire' | 'refresh';

/** The header is one that no form and no other site can send. */
export const act = (action: Action, key: string, cache: string | undefined) =>
  request<{ done: boolean }>(
    `api/actions/${action}`,
    { key, cache },
    { method: 'POST', headers: { 'X-Lazy-Layers-Action': '1' } },
  );
