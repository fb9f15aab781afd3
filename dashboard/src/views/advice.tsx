/** The advice of the counters about the options. */
import { CopyJson } from '../parts/copy';
import { Head } from '../parts/panel';
import { advise } from '../../../lib/observability/advice.js';
import { cache, cacheId, isObserved } from '../state/live';
import { usePoll } from '../state/poll';
import { choose, param } from '../state/route';
import type { CacheState, Config, Finding, Sizes } from '../state/shapes';
import { AdviceSizes } from './advice-sizes';

/** By path; where the server does not say, the bounds are known anyway. */
function optionsOf(state: CacheState, config: Config | undefined) {
  const bounds = { 'levels.L1.maxEntries': state.bounds.maxEntries, 'levels.L1.maxBytes': state.bounds.maxBytes };
  const resolved = (config?.resolved ?? []).map(({ path, value }) => [path, value] as const);
  return { ...bounds, ...Object.fromEntries(resolved) };
}

const NUMBER = /(\b\d[\d,]*(?:\.\d+)?(?:\s%| ms| s\b)?)/;

/** The numbers stand out: every second part is one. */
const withNumbers = (text: string) =>
  text.split(NUMBER).map((part, index) => (index % 2 === 1 ? <strong key={index}>{part}</strong> : part));

const Card = ({ finding }: { finding: Finding }) => (
  <li class={`finding ${finding.severity === 'warn' ? 'severe' : ''}`}>
    <span class="severity">{finding.severity === 'warn' ? 'Worth a change' : 'Worth a look'}</span>
    <p>{withNumbers(finding.text)}</p>
    {finding.option !== null && (
      <p class="option">
        <code>{finding.option}</code>
      </p>
    )}
  </li>
);

export function Advice() {
  const state = cache.value;
  const config = usePoll<Config>(isObserved.value ? 'api/config' : undefined, { cache: cacheId.value }, 0).value.data;
  const server = usePoll<{ advice: Finding[]; sizes?: Sizes | null }>(
    isObserved.value ? 'api/advice' : undefined,
    { cache: cacheId.value, simulate: param('simulate') === '1' ? true : undefined },
    5000,
  ).value.data;
  // The server has the same rules and knows more than the counters; of caches without a dashboard it has those alone.
  const findings: Finding[] = server?.advice ?? (state ? advise(state.stats, optionsOf(state, config)) : []);
  return (
    <>
      <Head title="Advice" text="What the counters since the start say about the options of this cache">
        <CopyJson of={() => findings} />
      </Head>
      {findings.length === 0 ? (
        <p class="panel empty">Nothing to change, by what was counted so far.</p>
      ) : (
        <ul class="findings">
          {findings.map((finding) => (
            <Card key={finding.rule} finding={finding} />
          ))}
        </ul>
      )}
      {server?.sizes !== undefined && <AdviceSizes sizes={server.sizes} simulate={() => choose({ simulate: '1' })} />}
    </>
  );
}
