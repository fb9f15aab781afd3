// Loaders and stores that are held until the run goes on, released in an order of the seed's.

export class Held {
  #waiting = [];

  /** @param {import('./random.mjs').Random} random */
  constructor(random) {
    this.random = random;
  }

  get size() {
    return this.#waiting.length;
  }

  /** Resolves when the run lets it. */
  wait(label) {
    return new Promise((resolve) => this.#waiting.push({ label, resolve }));
  }

  /** Lets one go on, and tells which. */
  release() {
    if (this.#waiting.length === 0) return undefined;
    const [{ label, resolve }] = this.#waiting.splice(this.random.below(this.#waiting.length), 1);
    resolve();
    return label;
  }

  releaseAll() {
    while (this.release() !== undefined);
  }
}
