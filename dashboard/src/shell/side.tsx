import { useEffect, useRef } from 'preact/hooks';
import { Segments } from '../parts/panel';
import { cache, process } from '../state/live';
import { isHidden } from '../state/clock';
import { VIEWS, type View, choose, linkTo, view } from '../state/route';
import { type Theme, theme } from '../state/theme';
import { compact, integer, span } from '../format/numbers';
import { nameOf } from './names';

const Mark = () => (
  <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
    <path class="fill l1" d="M16 3 29.500 10.500 16 18 2.500 10.500z" />
    <path class="stroke l2" d="m4 16.500 12 6.500 12-6.500" />
    <path class="stroke negative" d="m4 22.500 12 6.500 12-6.500" />
  </svg>
);

function Pick() {
  const all = process.value.data?.caches ?? [];
  const chosen = cache.value?.id;
  return (
    <label class="pick">
      <span>Cache</span>
      <select
        value={chosen}
        disabled={all.length < 2}
        onChange={(event) => {
          const id = event.currentTarget.value;
          choose({ cache: id === process.value.data?.self ? undefined : id, cursor: undefined, open: undefined });
        }}
      >
        {all.map((each) => (
          <option key={each.id} value={each.id} selected={each.id === chosen}>
            {nameOf(each)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface Mention {
  text: string;
  tone?: 'warn' | 'bad';
}

/** The one number that each view is about. */
function mentionOf(target: View): Mention | undefined {
  const state = cache.value;
  if (state === undefined) return undefined;
  const { stats, layers, breakers } = state;
  if (target === 'l1' && stats.L1.entries !== null) return { text: compact(stats.L1.entries) };
  if (target === 'l2' && !layers.l2) return { text: 'none' };
  if (target === 'l2' && breakers.l2 !== null && breakers.l2 !== 'closed') return { text: breakers.l2, tone: 'bad' };
  if (target === 'loads' && stats.loads.running > 0) return { text: integer(stats.loads.running) };
  if (target === 'bus' && !layers.bus) return { text: 'none' };
  if (target === 'bus' && (state.bus?.state === 'disconnected' || breakers.bus === 'open')) {
    return { text: 'down', tone: 'bad' };
  }
  return undefined;
}

/** Where the views are beside each other, the chosen one is scrolled to. */
function useSeen(shown: View) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const row = nav.current;
    const link = row?.querySelector<HTMLElement>('[aria-current]');
    if (row && link) row.scrollLeft = link.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
  }, [shown]);
  return nav;
}

function Nav() {
  return (
    <nav class="nav" aria-label="Views" ref={useSeen(view.value)}>
      {VIEWS.map(([id, text]) => {
        const mention = mentionOf(id);
        return (
          <a key={id} href={linkTo(id)} aria-current={view.value === id ? 'page' : undefined}>
            {text}
            {mention !== undefined && <span class={`count ${mention.tone ?? ''}`}>{mention.text}</span>}
          </a>
        );
      })}
    </nav>
  );
}

function State() {
  const { data, error } = process.value;
  const isStuck = (data?.eventLoops ?? []).some(({ stalledMs }) => (stalledMs ?? 0) > 1000);
  const [tone, text] =
    error !== undefined
      ? ['bad', error.status === 0 ? 'no answer' : error.status === 401 ? 'not signed in' : 'failing']
      : isHidden.value
        ? ['', 'paused']
        : data === undefined
          ? ['', 'connecting']
          : isStuck
            ? ['warn', 'event loop stuck']
            : ['good', 'live'];
  return (
    <div class="state" role="status">
      <span class={`dot ${tone}`} />
      <span class="text">{text}</span>
    </div>
  );
}

const THEMES = [
  ['system', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;

export function Side() {
  const { data } = process.value;
  return (
    <header class="side">
      <div class="brand">
        <Mark />
        lazy-layers-cache
      </div>
      <Pick />
      <Nav />
      <div class="about">
        <State />
        <Segments<Theme>
          label="Colours"
          options={THEMES}
          value={theme.value}
          onChoose={(chosen) => {
            theme.value = chosen;
          }}
        />
        {data !== undefined && (
          <div class="version number">
            {data.version} · pid {data.pid} · up {span(data.uptimeMs)}
          </div>
        )}
      </div>
    </header>
  );
}
