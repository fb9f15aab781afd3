/** The value: of which layer, and in which form. */
import { useEffect, useState } from 'preact/hooks';
import { CopyJson } from '../parts/copy';
import { Empty, Panel, Segments } from '../parts/panel';
import { ValueTree } from '../parts/value-tree';
import { bytes, integer, percent, plural } from '../format/numbers';
import { MOST_TOKENS, structure } from '../format/msgpack';
import { MOST_HEX, type Stored, hexDump, open } from '../format/stored';
import { differences, plain } from '../format/values';
import { get } from '../state/api';
import { cacheId } from '../state/live';
import { choose, param } from '../state/route';
import type { Entry, Explained } from '../state/shapes';

type Form = '' | 'json' | 'text' | 'hex' | 'msgpack';
type Of = 'l1' | 'l2' | 'difference';

/** A view of stored bytes, which are asked for only then. */
const OF_BYTES: readonly Form[] = ['hex', 'msgpack'];

/** The bytes that a shared layer has of the value, opened. Asked for again when the value is another. */
function useStored(data: Explained, layer: 'l1' | 'l2', form: Form): Stored | undefined {
  const [stored, setStored] = useState<Stored>();
  const isWanted = OF_BYTES.includes(form);
  const cache = cacheId.value;
  const value = isWanted ? JSON.stringify(data.layers[layer].entry?.value) : '';
  useEffect(() => {
    if (!isWanted) return undefined;
    const controller = new AbortController();
    const ask = async () => {
      const query = { key: data.key, cache, bytes: 1 };
      const { layers } = await get<Explained>('api/key', query, controller.signal);
      const base64 = layers[layer].entry?.base64;
      const found = typeof base64 === 'string' ? await open(base64) : undefined;
      if (!controller.signal.aborted) setStored(found);
    };
    ask().catch(() => setStored(undefined));
    return () => controller.abort();
  }, [data.key, cache, layer, isWanted, value]);
  return isWanted ? stored : undefined;
}

function Packed({ stored }: { stored: Stored }) {
  const tokens = structure(stored.body);
  return (
    <div class="table code" tabIndex={0} role="region" aria-label="Structure of the stored bytes">
      <table class="mono tokens">
        <thead>
          <tr>
            <th scope="col">At</th>
            <th scope="col">Byte</th>
            <th scope="col">Kind</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map(({ at, depth, head, kind, text }) => (
            <tr key={at}>
              <td class="muted">{at.toString(16).padStart(4, '0')}</td>
              <td class="muted">{head.toString(16).padStart(2, '0')}</td>
              <td class="muted">{kind}</td>
              <td class={`level-${Math.min(depth + 1, 8)} nested`}>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {tokens.length >= MOST_TOKENS && <p class="muted small">The first {integer(MOST_TOKENS)} parts.</p>}
    </div>
  );
}

const Code = ({ label, children }: { label: string; children: string }) => (
  <pre class="code mono" tabIndex={0} role="region" aria-label={label}>
    {children}
  </pre>
);

function Body({ entry, form, stored }: { entry: Entry; form: Form; stored: Stored | undefined }) {
  const { value } = entry;
  if (form === 'json') return <Code label="Value as JSON">{JSON.stringify(value, null, 2) ?? 'undefined'}</Code>;
  if (form === 'text') return <Code label="Value as text">{String(value)}</Code>;
  if (form === '') return <ValueTree value={value} />;
  if (stored === undefined) return <Empty>Asking for the bytes …</Empty>;
  if (form === 'msgpack' && stored.isPacked) return <Packed stored={stored} />;
  return (
    <>
      <Code label="Stored bytes">{hexDump(stored.bytes)}</Code>
      {stored.bytes.length > MOST_HEX && <p class="muted small">The first {integer(MOST_HEX)} bytes.</p>}
    </>
  );
}

function Sizes({ entry, stored }: { entry: Entry; stored: Stored | undefined }) {
  if (stored === undefined) return <>{entry.deserializedBytes ? `${bytes(entry.deserializedBytes)} as text` : ''}</>;
  const { prefix, bytes: all, body } = stored;
  const gained = prefix === 'HC1G' ? `, gzip saves ${percent(1 - all.length / Math.max(body.length, 1), 0)}` : '';
  return (
    <>
      {prefix || 'no prefix'} · {bytes(all.length)} stored · {bytes(body.length)} packed{gained}
    </>
  );
}

function Differences({ data }: { data: Explained }) {
  const [left, right] = [data.layers.l1.entry?.value, data.layers.l2.entry?.value];
  const found = differences(left, right);
  if (found.length === 0) return <Empty>L1 and L2 hold the same value.</Empty>;
  const cell = (value: unknown) => (value === undefined ? <span class="muted">not there</span> : plain(value));
  return (
    <div class="table" tabIndex={0} role="region" aria-label="Differences between L1 and L2, table">
      <table>
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">L1</th>
            <th scope="col">L2</th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ path, left: before, right: after }) => (
            <tr key={path} class="mono">
              <td>{path}</td>
              <td class="wrap l1-text">{cell(before)}</td>
              <td class="wrap l2-text">{cell(after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Why there is no value to be seen, though one is held. */
function withheld(entry: Entry): string | undefined {
  if (entry.hidden) return 'Values are hidden: the option values is "hidden".';
  if (entry.truncated) return `The value is larger than maxValueBytes: ${bytes(entry.deserializedBytes)}.`;
  return undefined;
}

/** A redacted value has no bytes: they would hold hidden parts. */
function formsOf({ value, redacted }: Entry): [Form, string][] {
  const forms: [Form, string][] = [
    ['', 'Tree'],
    ['json', 'JSON'],
  ];
  if (typeof value === 'string') forms.push(['text', 'Text']);
  if (!redacted) forms.push(['msgpack', 'MessagePack'], ['hex', 'Hex']);
  return forms;
}

function Shown({ data, layer, entry }: { data: Explained; layer: 'l1' | 'l2'; entry: Entry }) {
  const forms = formsOf(entry);
  const form = forms.find(([name]) => name === param('form'))?.[0] ?? '';
  const stored = useStored(data, layer, form);
  const reason = withheld(entry);
  if (reason !== undefined) return <Empty>{reason}</Empty>;
  return (
    <>
      <div class="value-bar">
        <Segments label="Form" options={forms} value={form} onChoose={(name) => choose({ form: name })} />
        <span class="muted small number">
          {entry.redacted ? 'redacted · ' : ''}
          <Sizes entry={entry} stored={stored} />
        </span>
        <CopyJson of={() => entry.value}>Copy value</CopyJson>
      </div>
      <Body entry={entry} form={form} stored={stored} />
    </>
  );
}

export function KeyValue({ data }: { data: Explained }) {
  const { l1, l2 } = data.layers;
  const choices: [Of, string][] = [];
  if (l1.entry) choices.push(['l1', 'L1']);
  if (l2.entry) choices.push(['l2', 'L2']);
  const count = data.same === false ? differences(l1.entry?.value, l2.entry?.value).length : 0;
  if (l1.entry && l2.entry)
    choices.push(['difference', data.same === false ? plural(count, 'difference') : 'Difference']);
  const of = choices.find(([name]) => name === param('of'))?.[0] ?? choices[0]?.[0];
  if (of === undefined) {
    return (
      <Panel title="Value">
        <Empty>No layer holds a value.</Empty>
      </Panel>
    );
  }
  const note = <Segments<Of> label="Of" options={choices} value={of} onChoose={(name) => choose({ of: name })} />;
  const entry = of === 'l2' ? l2.entry : l1.entry;
  return (
    <Panel title="Value" note={note}>
      {of === 'difference' ? <Differences data={data} /> : entry && <Shown key={of} {...{ data, entry }} layer={of} />}
    </Panel>
  );
}
