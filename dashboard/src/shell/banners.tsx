import { duration } from '../format/numbers';
import { cache, process } from '../state/live';

/** Warnings that hold for all views. */
export function Banners() {
  const { data, error } = process.value;
  const stuck = (data?.eventLoops ?? []).filter(({ stalledMs }) => (stalledMs ?? 0) > 1000);
  return (
    <div aria-live="polite">
      {error !== undefined && <p class="banner bad">{textOf(error.status, error.message)}</p>}
      {error === undefined &&
        stuck.map(({ environment, stalledMs }) => (
          <p class="banner" key={environment}>
            The event loop of {environment === 0 ? 'the main thread' : `worker ${environment}`} has not turned for{' '}
            {duration(stalledMs)}. Counters go on; what needs JavaScript, such as values, waits for it.
          </p>
        ))}
      {cache.value?.observed === false && (
        <p class="banner">
          This cache was made without <code>observability</code>: there are counters, but no keys, events and loads.
        </p>
      )}
    </div>
  );
}

function textOf(status: number, message: string): string {
  if (status === 401) return 'Not signed in. Reload the page to enter a name and a password.';
  if (status === 0) return 'The process does not answer. Shown are the last numbers; the page keeps asking.';
  return `The server refused: ${message}`;
}
