// The versioned source of truth that loaders read and writers change.
export class Truth {
  /** @param {string[]} keys */
  constructor(keys) {
    this.versions = Object.fromEntries(keys.map((key) => [key, 1]));
  }

  /** Changes keys, and tells their new versions. */
  bump(keys) {
    for (const key of keys) this.versions[key] += 1;
    return Object.fromEntries(keys.map((key) => [key, this.versions[key]]));
  }
}
