import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Banners } from './shell/banners';
import { Side } from './shell/side';
import { Head } from './parts/panel';
import { isObserved, process } from './state/live';
import { type View, VIEWS, route, view } from './state/route';
import { Advice } from './views/advice';
import { Bus } from './views/bus';
import { Config } from './views/config';
import { Events } from './views/events';
import { Key } from './views/key';
import { L1, L2 } from './views/keys';
import { Loads } from './views/loads';
import { Overview } from './views/overview';

const SHOWN: Record<View, ComponentType> = {
  overview: Overview,
  l1: L1,
  l2: L2,
  key: Key,
  loads: Loads,
  bus: Bus,
  events: Events,
  config: Config,
  advice: Advice,
};

/** A screen reader is told of the new view: the focus goes to it, but not when the page is opened. */
function useFocusOnChange() {
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const shown = view.value;
  useEffect(() => {
    const name = VIEWS.find(([id]) => id === shown)?.[1] ?? '';
    document.title = `${name} · lazy-layers-cache · observability`;
    if (!isFirst.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [shown]);
  return main;
}

/** Views that counters alone have something for. */
const OF_COUNTERS: readonly View[] = ['overview', 'advice'];

function Nothing() {
  const name = VIEWS.find(([id]) => id === view.value)?.[1];
  return <Head title={name} text="Not known of this cache" />;
}

/** Nothing is asked before it is known which caches there are. */
function shownView(): ComponentType | undefined {
  const { data, error } = process.value;
  if (data === undefined && error === undefined) return undefined;
  return isObserved.value || OF_COUNTERS.includes(view.value) ? SHOWN[view.value] : Nothing;
}

export function App() {
  const main = useFocusOnChange();
  const Shown = shownView();
  const cache = route.value.params.get('cache') ?? '';
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <Side />
      <main class="main" id="main" tabIndex={-1} ref={main}>
        <Banners />
        {Shown && <Shown key={cache} />}
      </main>
    </div>
  );
}
