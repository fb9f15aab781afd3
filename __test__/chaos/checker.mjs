// What the merged log of all processes says: who was served something older than it had to be, when, and for how long.

/** Every call is over within that. */
export const OPEN_MS = 8000;

/** For each key the acknowledged versions, by the time of the acknowledgement. */
function acknowledged(log) {
  const byKey = new Map();
  for (const { type, error, ack, by, pid, versions } of log) {
    if (type !== 'invalidate' || error !== undefined) continue;
    for (const [key, version] of Object.entries(versions)) {
      if (!byKey.has(key)) byKey.set(key, []);
      byKey.get(key).push({ ack, version, by, pid });
    }
  }
  for (const list of byKey.values()) list.sort((a, b) => a.ack - b.ack);
  return byKey;
}

/** The first acknowledged invalidation that a read made from `inv` on with that version has missed. */
function missedBy(list, version, inv) {
  return list?.find((invalidation) => invalidation.ack < inv && invalidation.version > version);
}

/** For how long of a call its process could not do anything. */
function pausedMs({ by, inv, ack }, deeds) {
  const overlaps = deeds
    .filter(({ paused }) => paused === by)
    .map(({ from, to }) => Math.max(0, Math.min(to, ack) - Math.max(from, inv)));
  return overlaps.reduce((sum, ms) => sum + ms, 0);
}

/** How long a call took of what its process could do something. */
const tookMs = (entry, deeds) => entry.ack - entry.inv - pausedMs(entry, deeds);

/** For so long after a deed was healed what it did may still be made up for. */
const AFTERWARDS_MS = 3000;

/** The kind of a deed, without whom it was done to. */
const kindOf = ({ name }) => name.replace(/: i\d+('s)?/, '');

/** What was done last of all that may have kept an invalidation of `ack` from a read at `inv`; none without a fault. */
function blamed({ ack, inv }, deeds) {
  const done = deeds.filter(({ from, to }) => from < inv && to + AFTERWARDS_MS > ack);
  return done.length === 0 ? 'no fault' : kindOf(done.at(-1));
}

/** What was done to the servers and processes during a call. */
const during = ({ inv, ack }, deeds) => deeds.filter(({ from, to }) => from < ack && to > inv).map(({ name }) => name);

/** What is wrong in itself, whatever the order of events. */
function faultsOf(entry, truth, deeds) {
  const { type, error, by, key, value } = entry;
  const at = `${by} ${type}${key === undefined ? '' : ` ${key}`}`;
  if (error !== undefined) return [`${at} rejected: ${error.slice(0, 300)}`];
  const took = tookMs(entry, deeds);
  if (took > OPEN_MS) return [`${at} took ${Math.round(took)} ms (${during(entry, deeds).join(', ')})`];
  if (type !== 'read' || value === undefined) return [];
  if (value === null || typeof value !== 'object') return [`${at} gave ${JSON.stringify(value)}`];
  if (value.key !== key) return [`${at} gave the value of ${value.key}`];
  if (!Number.isInteger(value.version) || value.version > truth[key]) {
    return [`${at} gave version ${value.version}, there are ${truth[key]}`];
  }
  return [];
}

/** `p` of 100 numbers in order are not above that. */
function percentile(sorted, p) {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))];
}

export function figures(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return { count: sorted.length, p50: percentile(sorted, 50), p99: percentile(sorted, 99), max: sorted.at(-1) ?? 0 };
}

/**
 * Checks a log. `quiet` has the times from which on nothing was written and all was well, with the time the next write
 * began; `deeds` what the nemesis did.
 * @typedef {{ name: string, from: number, to: number, paused?: string }} Done
 * @param {any[]} log
 * @param {{ truth: Record<string, number>, quiet: { from: number, to: number }[], deeds?: Done[] }} facts
 */
export function check(log, { truth, quiet, deeds = [] }) {
  const invalidations = acknowledged(log);
  const faults = [];
  const stale = { own: [], others: [] };
  const afterQuiet = [];
  /**
   * Ages of what was older than an invalidation, by the deed that may have been the reason.
   * @type {Record<string, number[]>}
   */
  const ages = {};
  /** What was older than an own invalidation. */
  const own = [];
  let reads = 0;
  /** What was served the longest after it was invalidated, and what was done in that time. */
  let worst;
  for (const entry of log) {
    faults.push(...faultsOf(entry, truth, deeds));
    if (entry.type !== 'read' || !Number.isInteger(entry.value?.version)) continue;
    reads += 1;
    const missed = missedBy(invalidations.get(entry.key), entry.value.version, entry.inv);
    if (missed === undefined) continue;
    const { by, key, value, inv } = entry;
    const { by: deleter, version, ack } = missed;
    const found = { by, key, version: value.version, missed: version, deleter, forMs: inv - ack };
    // A process that was started anew under the name of another is another instance.
    const isOwn = deleter === by && missed.pid === entry.pid;
    stale[isOwn ? 'own' : 'others'].push(found.forMs);
    const fault = blamed({ ack, inv }, deeds);
    (ages[isOwn ? `own, ${fault}` : fault] ??= []).push(found.forMs);
    if (isOwn) own.push({ ...found, during: during({ inv: ack, ack: inv }, deeds) });
    if (quiet.some(({ from, to }) => inv >= from && inv < to)) afterQuiet.push(found);
    if (found.forMs > (worst?.forMs ?? 0)) worst = { ...found, during: during({ inv: ack, ack: inv }, deeds) };
  }
  const writes = log.filter(({ type }) => type === 'invalidate').length;
  const took = figures(log.map((entry) => tookMs(entry, deeds)));
  return {
    reads,
    writes,
    faults,
    took,
    staleness: { own: figures(stale.own), others: figures(stale.others) },
    byFault: Object.fromEntries(Object.entries(ages).map(([fault, numbers]) => [fault, figures(numbers)])),
    afterQuiet,
    own,
    worst,
  };
}
