/** Events in words. */
import type { CacheEvent } from '../../../types/events.js';
import { bytes, duration } from '../format/numbers';
import type { Recorded } from '../state/shapes';

/** The colour of a kind: who answered, or how bad it is. */
const TONES: [RegExp, string][] = [
  [/error|timeout|gap/, 'bad'],
  [/skipped|stale|bypass|duplicate|overtaken/, 'warn'],
  [/^hit/, 'l1'],
  [/^miss|^loader/, 'load'],
  [/^set|negative/, 'l2'],
];

export const toneOf = (type: string): string => TONES.find(([pattern]) => pattern.test(type))?.[1] ?? 'negative';

export const Badge = ({ type }: { type: string }) => (
  <span class="kind">
    <span class={`dot ${toneOf(type)}`} />
    {type}
  </span>
);

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

type Words = (data: Record<string, unknown>) => string;

const WORDS: Record<CacheEvent['type'], Words> = {
  hit: ({ level }) => `${text(level)} answered`,
  miss: ({ level }) => (level === 'negative' ? 'known to be absent' : `${text(level)} had nothing`),
  set: ({ levels }) => `stored in ${Array.isArray(levels) && levels.length > 0 ? levels.join(' and ') : 'no layer'}`,
  delete: ({ remote, expired }) =>
    remote ? 'deleted by another instance' : expired ? 'made to expire here' : 'deleted here',
  'delete-pattern': ({ pattern, remote }) => `${text(pattern)} deleted ${remote ? 'by another instance' : 'here'}`,
  'delete-tag': ({ tag, remote, expired }) =>
    `all with the tag ${text(tag)} ${expired ? 'made to expire' : 'deleted'} ${remote ? 'by another instance' : 'here'}`,
  'loader:start': () => 'a load began',
  'loader:success': ({ durationMs }) => `loaded in ${duration(number(durationMs))}`,
  'loader:error': ({ durationMs, error }) => `failed after ${duration(number(durationMs))}: ${text(error)}`,
  'loader:timeout': ({ kind, timeoutMs }) => `past the ${text(kind)} limit of ${duration(number(timeoutMs))}`,
  'load:overtaken': () => 'not kept: another instance had invalidated the key, or has its lock',
  'load:limited': ({ outcome }) =>
    outcome === 'refused' ? 'refused: too many loads wait for their turn' : 'waits for its turn to load',
  evict: ({ reason }) => `left L1: ${text(reason)}`,
  mutation: () => 'its value was changed while L1 shared it',
  'audit:stale': ({ level, ageMs }) =>
    `${text(level)} answered with another value than its loader has now${ageMs === undefined ? '' : `, ${duration(number(ageMs))} old`}`,
  'inflight:reuse': () => 'joined a load that ran',
  'inflight:bypass': () => 'ran by itself: too many loads are tracked',
  'stale:hit': ({ reason }) => `answered with a stale copy: ${text(reason)}`,
  refresh: () => 'loaded anew before it expires',
  extend: ({ ttlMs }) => `still true: lives for another ${duration(number(ttlMs))}`,
  'extend:received': ({ ttlMs }) => `still true, says another instance: lives for ${duration(number(ttlMs))}`,
  'negative:set': ({ ttlMs }) => `remembered as absent for ${duration(number(ttlMs))}`,
  'l2:error': ({ operation, error }) => `${text(operation)} of L2 failed: ${text(error)}`,
  'l1:error': ({ operation, error }) => `${text(operation)} of L1 failed: ${text(error)}`,
  'l2:skipped': ({ operation, state }) => `${text(operation)} of L2 was left out: the circuit is ${text(state)}`,
  'l2:change': () => 'changed or removed in L2 by another, or it has expired there',
  'set:received': () => 'a value that another instance loaded was put into L1',
  'set:broadcast': () => 'sent to the other instances',
  'set:broadcast-skipped': ({ bytes: size, maxBytes }) =>
    `not sent: ${bytes(number(size))} are more than ${bytes(number(maxBytes))}`,
  'event-bus:publish-error': ({ error }) => `the bus did not take it: ${text(error)}`,
  'event-bus:publish-skipped': ({ state }) => `not published: the circuit is ${text(state)}`,
  'invalidation:received': ({ eventType }) => `${text(eventType ?? 'an event')} of another instance`,
  'invalidation:duplicate': () => 'seen before, ignored',
  'invalidation:stale': () => 'older than what is known here, ignored',
  'bus:status': ({ status, transport, error }) =>
    `${text(transport)} ${text(status)}${error === undefined ? '' : `: ${text(error)}`}`,
  'bus:gap': ({ reason, missed }) =>
    `${text(reason)}, ${missed ? `${text(missed)} missed` : 'unknown how many missed'}`,
};

/** An unknown event is shown as it came. */
export function describe({ type, data }: Recorded): string {
  const words = (WORDS as Record<string, Words | undefined>)[type];
  if (words !== undefined) return words(data);
  const { key: _, ...rest } = data;
  return Object.keys(rest).length === 0 ? '' : JSON.stringify(rest);
}

/** The instance it came from; empty: this one. */
export function sourceOf({ data }: Recorded): string {
  const { event } = data as { event?: { source?: unknown } };
  const source = data.source ?? event?.source;
  return typeof source === 'string' ? source : data.remote === true ? 'another' : '';
}

export const keyOf = ({ data }: Recorded): string | undefined => {
  const { key } = data;
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
};
