/** A layer: as a tree by delimiter, or as a list. */
import { useEffect, useState } from 'preact/hooks';
import { Head, Segments } from '../parts/panel';
import { integer } from '../format/numbers';
import { cache } from '../state/live';
import { choose, param } from '../state/route';
import { KeyList } from './key-list';
import { KeyTree } from './key-tree';

type Layer = 'l1' | 'l2';

const MODES = [
  ['', 'Tree'],
  ['list', 'List'],
] as const;

const TYPING_MS = 250;

/** L1 is searched while one types. A shared layer never is: each search costs it a walk over its keys. */
function Search({ layer }: { layer: Layer }) {
  const given = param('match');
  const [text, setText] = useState(given);
  useEffect(() => setText(given), [given]);
  const search = (match: string) => choose({ match, mode: match === '' ? param('mode') : 'list', look: '1' });
  useEffect(() => {
    if (layer === 'l2' || text === given) return undefined;
    const timer = setTimeout(() => search(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const submit = (event: Event) => {
    event.preventDefault();
    search(text);
  };
  return (
    <form class="search" role="search" onSubmit={submit}>
      <input
        type="search"
        aria-label={`Search the keys of ${layer.toUpperCase()} by a pattern with * and ?`}
        placeholder="user:*:profile"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {layer === 'l2' && <button type="submit">Search</button>}
    </form>
  );
}

function Bar({ layer, mode }: { layer: Layer; mode: '' | 'list' }) {
  const delimiter = param('by') || ':';
  return (
    <div class="bar">
      <Segments
        label="Show as"
        options={MODES}
        value={mode}
        onChoose={(chosen) => choose({ mode: chosen, match: chosen === '' ? undefined : param('match') })}
      />
      <Search layer={layer} />
      {mode === '' && (
        <label class="delimiter">
          Split at
          <input
            type="text"
            maxLength={4}
            value={delimiter}
            onChange={(event) => choose({ by: event.currentTarget.value, open: undefined })}
          />
        </label>
      )}
      {mode === 'list' && layer === 'l2' && (
        <label>
          <input
            type="checkbox"
            checked={param('sizes') === '1'}
            onChange={(event) => choose({ sizes: event.currentTarget.checked ? '1' : undefined })}
          />
          Read values for their sizes
        </label>
      )}
    </div>
  );
}

/** A shared layer is left alone until somebody wants to see it. */
function Asking() {
  return (
    <div class="panel asking">
      <h2>Nothing is read until you ask</h2>
      <p>
        Listing keys has the shared layer walk over them, a page at a time. The page shows how many it has looked at.
      </p>
      <button type="button" class="primary" onClick={() => choose({ look: '1' })}>
        Look into L2
      </button>
    </div>
  );
}

function Keys({ layer }: { layer: Layer }) {
  const state = cache.value;
  const isThere = state?.layers[layer] ?? true;
  const entries = layer === 'l1' ? state?.stats.L1.entries : undefined;
  const mode = param('mode') === 'list' ? 'list' : '';
  const name = layer === 'l1' ? 'in the memory of this process' : 'shared between processes';
  const text = entries === undefined || entries === null ? name : `${integer(entries)} entries, ${name}`;
  const isAsked = layer === 'l1' || param('look') === '1';
  const [turn, setTurn] = useState(0);
  return (
    <>
      <Head title={layer.toUpperCase()} text={isThere ? text : undefined}>
        {isThere && isAsked && (
          <button type="button" onClick={() => setTurn(turn + 1)}>
            Look again
          </button>
        )}
      </Head>
      {!isThere && <p class="panel empty">This cache has no {layer.toUpperCase()}.</p>}
      {isThere && <Bar layer={layer} mode={mode} />}
      {isThere && !isAsked && <Asking />}
      {isThere &&
        isAsked &&
        (mode === 'list' ? <KeyList key={turn} layer={layer} /> : <KeyTree key={turn} layer={layer} />)}
    </>
  );
}

export const L1 = () => <Keys layer="l1" key="l1" />;
export const L2 = () => <Keys layer="l2" key="l2" />;
