// All attacks at a time, for a moment; `npm run attack` goes on for longer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attack } from './scenario.mjs';

const skip = process.platform !== 'linux' && 'attackers need more than one address of the loopback network';

test('a server that is attacked answers clients that may ask', { skip }, async () => {
  const { faults, report } = await attack(3);
  assert.deepEqual(faults, [], JSON.stringify(report));
});
