/** Collects every event of a cache, in order. */
export function record(cache) {
  const events = [];
  const stop = cache.on((event) => {
    events.push(event);
  });
  return {
    events,
    stop,
    types: () => events.map((event) => event.type),
    of: (type) => events.filter((event) => event.type === type),
    clear: () => {
      events.length = 0;
    },
  };
}
