/** A key, explained: who holds it, and who does not and why. */
import { useState } from 'preact/hooks';
import { CopyJson } from '../parts/copy';
import { type Fact, Facts, Head, Panel } from '../parts/panel';
import { bytes, duration, integer, percent, span, ttl } from '../format/numbers';
import { now } from '../state/clock';
import { cacheId } from '../state/live';
import { usePoll } from '../state/poll';
import { go, param } from '../state/route';
import type { Entry, Explained, Held } from '../state/shapes';
import { Actions } from './key-actions';
import { KeyEvents } from './key-events';
import { KeyValue } from './key-value';

function Ask({ last }: { last: string }) {
  const [key, setKey] = useState(last);
  const submit = (event: Event) => {
    event.preventDefault();
    go('key', { key });
  };
  return (
    <form class="search ask" onSubmit={submit}>
      <input
        type="search"
        aria-label="Key"
        placeholder="user:1:profile"
        value={key}
        onInput={(event) => setKey(event.currentTarget.value)}
      />
      <button type="submit" class="primary">
        Explain
      </button>
    </form>
  );
}

/** 0 is: it was not read, or cannot be told. */
const known = (size: number | undefined) => (size ? bytes(size) : '–');

function factsOf(entry: Entry, at: number): (Fact | undefined)[] {
  const passed = now.value - at;
  const age = entry.ageMs;
  return [
    { name: 'Time left', value: ttl(entry.ttlRemainingMs, passed) },
    age === undefined || age === null ? undefined : { name: 'Age', value: span(age + passed) },
    { name: 'Stored', value: known(entry.serializedBytes) },
    entry.memoryBytes ? { name: 'In memory', value: bytes(entry.memoryBytes) } : undefined,
    { name: 'As text', value: known(entry.deserializedBytes) },
    !entry.encoding || entry.serializedBytes === 0 ? undefined : { name: 'Encoding', value: entry.encoding },
    entry.compressionRatio > 0 ? { name: 'Gzip saves', value: percent(entry.compressionRatio, 0) } : undefined,
    entry.tags?.length ? { name: 'Tags', value: entry.tags.join(', ') } : undefined,
  ];
}

interface LayerProps {
  name: string;
  tone: string;
  held: Held;
  at: number;
}

function Layer({ name, tone, held, at }: LayerProps) {
  return (
    <section class={`layer ${held.held ? '' : 'absent'}`} aria-label={name}>
      <h2>
        <span class={`swatch ${held.held ? tone : 'sunken'}`} />
        {name}
        <span class={`badge ${held.held ? 'good' : ''}`}>{held.held ? 'held' : held.reason.replaceAll('-', ' ')}</span>
      </h2>
      {held.entry === null && held.text !== '' && <p class="why">{held.text}</p>}
      {held.entry !== null && <Facts facts={factsOf(held.entry, at)} />}
    </section>
  );
}

type Kept = Explained['stale'];

/** A thing that is no entry of a layer: whether it is there, in words. `null`, which is not known, shows nothing. */
function Copy({
  name,
  tone,
  given,
  absent,
  at,
}: {
  name: string;
  tone: string;
  given: Kept;
  absent: string;
  at: number;
}) {
  if (given === null || given === undefined) return null;
  const held: Held =
    given === false
      ? { held: false, reason: 'none', text: absent, entry: null }
      : { held: true, reason: 'held', text: '', entry: null };
  return <Layer name={name} tone={tone} held={typeof given === 'object' ? { ...held, ...given } : held} at={at} />;
}

function Where({ data, at }: { data: Explained; at: number }) {
  const { l1, l2 } = data.layers;
  return (
    <div class="layers">
      <Layer name="L1" tone="l1" held={l1} at={at} />
      <Layer name="L2" tone="l2" held={l2} at={at} />
      <Copy name="Stale copy" tone="stale" given={data.stale} absent="No copy is kept for a load that fails." at={at} />
      <Copy
        name="Known absent"
        tone="negative"
        given={data.negative}
        absent="No loader said lately that there is no such value."
        at={at}
      />
    </div>
  );
}

function Cost({ load }: { load: NonNullable<Explained['load']> }) {
  return (
    <Panel title="Its loads" note={load.running ? <span class="good">one is running</span> : undefined}>
      <Facts
        facts={[
          { name: 'Loads', value: integer(load.count) },
          { name: 'Mean', value: duration(load.meanMs) },
          { name: 'Longest', value: duration(load.maxMs) },
          load.lastError === null || load.lastError === undefined
            ? undefined
            : { name: 'Last error', value: load.lastError, tone: 'bad' },
        ]}
      />
    </Panel>
  );
}

/** A look asks a shared layer too. */
const EVERY_MS = 3000;

function Explanation({ name }: { name: string }) {
  const polled = usePoll<Explained>('api/key', { key: name, cache: cacheId.value }, EVERY_MS);
  const { data, error, at } = polled.value;
  if (error !== undefined) return <p class="banner bad">{error.message}</p>;
  if (data === undefined) return <p class="empty">Asking the layers …</p>;
  const summary = [data.layers.l1, data.layers.l2].filter(({ held }) => held).length;
  return (
    <>
      <Head
        title={<span class="mono wrap">{name}</span>}
        text={summary === 2 ? 'held by both layers' : summary === 1 ? 'held by one layer' : 'held by no layer'}
      >
        <Actions name={name} />
        <CopyJson of={() => polled.value.data} />
      </Head>
      <div class="stack">
        <Where data={data} at={at} />
        <div class="split">
          <KeyValue key={name} data={data} />
          {data.load && <Cost load={data.load} />}
        </div>
        <KeyEvents events={data.events} />
      </div>
    </>
  );
}

export function Key() {
  const name = param('key');
  return (
    <>
      <Ask last={name} key={`ask ${name}`} />
      {name === '' ? (
        <Head
          title="Explain a key"
          text="Which layers hold it, which do not and why, its value, its loads, its events."
        />
      ) : (
        <Explanation name={name} key={name} />
      )}
    </>
  );
}
