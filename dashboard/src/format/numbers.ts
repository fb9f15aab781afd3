/** Numbers as text. `null` and `undefined` are not known: a dash, never 0. */
export const DASH = '–';

/** Between a number and its unit, which stay on one line. */
const GAP = '\u00A0';

type Maybe = number | null | undefined;

const isKnown = (value: Maybe): value is number => typeof value === 'number' && Number.isFinite(value);

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export const integer = (value: Maybe): string => (isKnown(value) ? whole.format(value) : DASH);

/** Three digits that count: 0.12, 9.87, 98.7, 987. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 10) return value.toFixed(2);
  return size < 100 ? value.toFixed(1) : whole.format(value);
}

/** 987, 12.3 k, 1.23 M. */
export function compact(value: Maybe): string {
  if (!isKnown(value)) return DASH;
  const size = Math.abs(value);
  if (size < 10_000) return whole.format(value);
  if (size < 1e6) return `${digits(value / 1e3)}${GAP}k`;
  return size < 1e9 ? `${digits(value / 1e6)}${GAP}M` : `${digits(value / 1e9)}${GAP}G`;
}

/** The same for the marks of a scale, which are round. */
export function mark(value: number): string {
  if (value >= 1e6) return `${value / 1e6}${GAP}M`;
  return value >= 10_000 ? `${value / 1e3}${GAP}k` : value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** Of a second: with a fraction below ten. */
export function rate(value: Maybe): string {
  if (!isKnown(value)) return DASH;
  return value > 0 && value < 10 ? value.toFixed(1) : compact(value);
}

export function percent(share: Maybe, places = 1): string {
  if (!isKnown(share)) return DASH;
  // Neither none nor all is claimed where it is not so.
  const least = 10 ** -(places + 2);
  const shown = share > 0 && share < least ? least : share < 1 && share > 1 - least ? 1 - least : share;
  return `${(shown * 100).toFixed(places)}${GAP}%`;
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(value: Maybe): string {
  if (!isKnown(value)) return DASH;
  let rest = value;
  let unit = 0;
  while (rest >= 1000 && unit < BYTES.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${whole.format(rest)}${GAP}B` : `${digits(rest)}${GAP}${BYTES[unit]}`;
}

/** How long something took: 0.4 µs, 1.24 ms, 12.3 s. */
export function duration(ms: Maybe): string {
  if (!isKnown(ms)) return DASH;
  if (ms === 0) return `0${GAP}ms`;
  if (ms < 0.001) return `${whole.format(ms * 1e6)}${GAP}ns`;
  if (ms < 1) return `${digits(ms * 1000)}${GAP}µs`;
  if (ms < 1000) return `${digits(ms)}${GAP}ms`;
  return ms < 60_000 ? `${digits(ms / 1000)}${GAP}s` : span(ms);
}

const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** A stretch of time in its two largest units: 3 min 12 s. */
export function span(ms: Maybe): string {
  if (!isKnown(ms)) return DASH;
  if (ms < 1000) return ms <= 0 ? `0${GAP}s` : `<${GAP}1${GAP}s`;
  const at = UNITS.findIndex(([, size]) => ms >= size);
  const [name, size] = UNITS[at] as [string, number];
  const first = `${Math.floor(ms / size)}${GAP}${name}`;
  const next = UNITS[at + 1];
  if (next === undefined) return first;
  const rest = Math.floor((ms % size) / next[1]);
  return rest === 0 ? first : `${first}${GAP}${rest}${GAP}${next[0]}`;
}

export const ago = (ms: Maybe): string => (isKnown(ms) ? `${span(Math.max(ms, 0))} ago` : DASH);

/** -1: it does not end; -2: it has gone. */
export function ttl(ms: number, passedMs = 0): string {
  if (ms === -1) return 'no end';
  if (ms < 0) return 'gone';
  const left = ms - passedMs;
  return left <= 0 ? 'ended' : span(left);
}

const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const clockTime = (at: Maybe): string => (isKnown(at) ? clockFormat.format(at) : DASH);

export const clockMs = (at: number): string =>
  `${clockFormat.format(at)}.${String(Math.floor(at % 1000)).padStart(3, '0')}`;

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${integer(count)} ${count === 1 ? one : many}`;
