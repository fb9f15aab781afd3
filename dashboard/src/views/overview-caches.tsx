/** All caches of the process, side by side; of worker threads too. */
import { Panel } from '../parts/panel';
import { Rows } from '../parts/rows';
import { compact, integer, percent } from '../format/numbers';
import { nameOf } from '../shell/names';
import { cache, process } from '../state/live';
import type { CacheState } from '../state/shapes';

/** Of all reads since the cache was made. */
function ratioOf({ stats: { hits, misses }, layers }: CacheState): number | null {
  const answered = hits.L1 + hits.L2;
  const reads = answered + hits.negative + (layers.l2 ? misses.L2 : misses.L1);
  return reads === 0 ? null : answered / reads;
}

function health({ breakers, bus }: CacheState) {
  if (breakers.l2 === 'open') return <span class="bad">circuit of L2 open</span>;
  if (breakers.bus === 'open') return <span class="bad">circuit of the bus open</span>;
  return bus?.state === 'disconnected' ? <span class="bad">bus down</span> : <span class="good">well</span>;
}

/** The address without a choice is that of the server's own cache. */
function Name({ state, self }: { state: CacheState; self: string }) {
  const text = nameOf(state);
  if (state.id === cache.value?.id) return <strong>{text}</strong>;
  return <a href={state.id === self ? '#/overview' : `#/overview?cache=${encodeURIComponent(state.id)}`}>{text}</a>;
}

export function Caches() {
  const { data } = process.value;
  if (data === undefined || data.caches.length < 2) return null;
  return (
    <Panel title="Caches of this process" note="counted since each was made">
      <Rows
        label="Caches of this process"
        heads={[['Cache'], ['Hit ratio', true], ['Hits', true], ['Loads', true], ['Entries in L1', true], ['State']]}
        rows={data.caches.map((state) => [
          <Name state={state} self={data.self} />,
          percent(ratioOf(state)),
          compact(state.stats.hits.L1 + state.stats.hits.L2),
          compact(state.stats.loads.started),
          integer(state.stats.L1.entries),
          health(state),
        ])}
      />
    </Panel>
  );
}
