/** The hit ratios that L1 would have with other bounds and policies: simulated, once somebody asks for it. */
import { integer, percent } from '../format/numbers';
import { Panel } from '../parts/panel';
import { Rows } from '../parts/rows';
import type { HitRatio, Sizes } from '../state/shapes';

const TITLE = 'Other sizes of L1';

const Estimate = ({ of: { hitRatio, error } }: { of: HitRatio }) => (
  <>
    {percent(hitRatio)}
    {error > 0 && <small> ± {percent(error)}</small>}
  </>
);

interface AdviceSizesProps {
  /** `null` where nobody has asked for it. */
  sizes: Sizes | null;
  /** Asks for it. */
  simulate: () => void;
}

const Offer = ({ simulate }: { simulate: () => void }) => (
  <Panel title={TITLE}>
    <p>
      The hit ratio of L1 with a quarter to eight times its entries, by a sample of the keys that are read from now on.
      It takes less than 200 kB, and some of a microsecond for each read.
    </p>
    <p>
      <button type="button" class="primary" onClick={simulate}>
        Simulate
      </button>
    </p>
  </Panel>
);

const HEADS: [name: string, isRight: boolean][] = [
  ['Entries', true],
  ['lru', true],
  ['s3fifo', true],
];

export function AdviceSizes({ sizes, simulate }: AdviceSizesProps) {
  if (sizes === null) return <Offer simulate={simulate} />;
  const rows = sizes.sizes.map(({ maxEntries, lru, s3fifo }) => [
    `${integer(maxEntries)}${maxEntries === sizes.maxEntries ? ' (now)' : ''}`,
    <Estimate of={lru} />,
    <Estimate of={s3fifo} />,
  ]);
  return (
    <Panel title={TITLE} note={`${integer(sizes.reads)} reads`}>
      {rows.length === 0 ? (
        <p>Nothing was read since the simulation began.</p>
      ) : (
        <Rows label={TITLE} heads={HEADS} rows={rows} />
      )}
      <p>
        The policy is <code>{sizes.policy}</code>. Each key that is read for the first time counts as not found.
      </p>
    </Panel>
  );
}
