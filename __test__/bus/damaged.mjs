// Messages that a broken or hostile program may put on a bus.

/** Numbers from 0 to 1, the same each time: a test that fails must fail again. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Payloads made of a whole one: cut short, with bytes changed, and of nothing but chance.
 * @param {Buffer} whole
 */
export function* damaged(whole) {
  const random = randomNumbers(4);
  for (let length = 0; length < whole.length; length += 3) yield whole.subarray(0, length);
  for (let times = 0; times < 100; times += 1) {
    const changed = Buffer.from(whole);
    for (let bytes = 0; bytes < 1 + (times % 3); bytes += 1) {
      changed[4 + Math.floor(random() * (changed.length - 4))] = Math.floor(random() * 256);
    }
    yield changed;
  }
  for (const prefix of ['HC1M', 'HC1G', 'HC1J', '']) {
    for (let times = 0; times < 20; times += 1) {
      const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256)));
      yield Buffer.concat([Buffer.from(prefix), bytes]);
    }
  }
  // Lengths of gigabytes, and nesting without an end.
  for (const head of ['dfffffffff', 'ddffffffff', 'dbffffffff', 'c6ffffffff', 'c9ffffffff01']) {
    yield Buffer.concat([Buffer.from('HC1M'), Buffer.from(head, 'hex')]);
  }
  yield Buffer.concat([Buffer.from('HC1M'), Buffer.alloc(100_000, 0x91)]);
}
