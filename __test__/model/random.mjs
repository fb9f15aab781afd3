// Choices that are the same for the same seed.
import { numbers } from '../support/numbers.mjs';

export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.below = numbers(seed);
    // The first numbers of neighbouring seeds are alike.
    for (let at = 0; at < 20; at += 1) this.below(10);
  }

  /** True in so many of 100 cases. */
  chance(percent) {
    return this.below(100) < percent;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** One of the names of `{ name: weight }`. */
  weighted(weights) {
    const entries = Object.entries(weights);
    let left = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    throw new Error('no weights');
  }

  between(least, most) {
    return least + this.below(most - least + 1);
  }
}
