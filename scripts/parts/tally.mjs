// Adds up the tests that passed and failed, from the output of test runners.

/** Each returns `[passed, failed]` of a line, or undefined. */
const SUMMARIES = [
  // node --test, reporter "spec"
  (line) => {
    const [, kind, count] = /^ℹ (pass|fail|cancelled) (\d+)$/.exec(line) ?? [];
    return kind && (kind === 'pass' ? [Number(count), 0] : [0, Number(count)]);
  },
  // cargo nextest
  (line) => {
    const found = /^\s*Summary \[.*\] .*tests? run: (\d+) passed/.exec(line);
    const failed = [...line.matchAll(/(\d+) (?:failed|timed out|exec failed)/g)].map(([, count]) => Number(count));
    return found && [Number(found[1]), failed.reduce((sum, count) => sum + count, 0)];
  },
  // cargo test
  (line) => {
    const found = /^test result: \S+ (\d+) passed; (\d+) failed/.exec(line);
    return found && [Number(found[1]), Number(found[2])];
  },
];

export class Tally {
  passed = 0;
  failed = 0;

  /** @param {string} line of a runner's output */
  take(line) {
    for (const read of SUMMARIES) {
      const counts = read(line);
      if (!counts) continue;
      this.passed += counts[0];
      this.failed += counts[1];
    }
  }

  toString() {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}
