// Faults of tests that use the contracts and the clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busContract, manualClock, storeContract } from 'lazy-layers-cache/testing';

test('a factory that returns nothing is told as what it is', async () => {
  for (const [contract, what] of [
    [storeContract, 'store'],
    [busContract, 'bus'],
  ]) {
    await assert.rejects(contract(() => undefined)[0].run(), {
      code: 'INVALID_ARGUMENT',
      message: `lazy-layers-cache: the answer of factory must be a ${what}, got undefined`,
    });
  }
});

test('an option that the contract of a bus does not have is refused', () => {
  assert.throws(() => busContract(() => {}, { durable: true }), {
    code: 'INVALID_OPTION',
    message: 'lazy-layers-cache: option "durable" must be left out: busContract takes interrupt, isDurable, got true',
  });
});

test('options of the contract of a bus are checked, and null is none', () => {
  const names = (options) => busContract(() => {}, options).map(({ name }) => name);
  assert.deepEqual(names({ interrupt: null, isDurable: null }), names());
  assert.throws(() => names({ isDurable: 'yes' }), {
    code: 'INVALID_OPTION',
    message: 'lazy-layers-cache: option "isDurable" must be true or false, got "yes"',
  });
});

test('a clock is not made of a number', () => {
  assert.throws(() => manualClock(5), { code: 'INVALID_OPTION', message: /"options" must be an object, got 5$/ });
});
