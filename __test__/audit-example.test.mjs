// The example of docs/freshness.md: old values are stale more often than young ones.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the example shows that older values are stale more often', () => {
  const example = fileURLToPath(new URL('../examples/audit-ttl.mjs', import.meta.url));
  const printed = execFileSync(process.execPath, [example], { encoding: 'utf8' });
  const share = (seconds) => Number(new RegExp(`up to ${seconds} s: ([\\d.]+) %`).exec(printed)?.[1]);
  assert.ok(share(60) < share(600) && share(600) < share(3600), printed);
  assert.ok(share(3600) > 80, printed);
});
