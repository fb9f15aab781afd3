// The checks of `promtool check metrics`: the text format of Prometheus.
import assert from 'node:assert/strict';

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/;

/** The families of a text: name, help, type and samples. */
export function families(text) {
  const found = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') found.push({ name, help: rest, type: undefined, samples: [] });
    else if (kind === 'TYPE') {
      assert.equal(found.at(-1)?.name, name, `TYPE without its HELP: ${line}`);
      found.at(-1).type = rest;
    } else {
      const [, of, labels = '', value] = SAMPLE.exec(line) ?? [];
      assert.ok(of !== undefined, `no sample: ${line}`);
      found.at(-1).samples.push({ name: of, labels, value });
    }
  }
  return found;
}

/** Names, help, type, units, and no series twice. */
export function check(text) {
  assert.ok(text.endsWith('\n'));
  const series = new Set();
  const names = new Set();
  for (const { name, help, type, samples } of families(text)) {
    assert.match(name, NAME);
    assert.ok(!names.has(name), `${name} is there twice`);
    names.add(name);
    assert.ok(help.length > 0 && ['counter', 'gauge', 'histogram'].includes(type), name);
    if (type === 'counter') assert.match(name, /_total$/, `${name} counts, so it ends in _total`);
    if (type === 'gauge') assert.doesNotMatch(name, /_total$|_(?:count|sum|bucket)$/, name);
    assert.doesNotMatch(name, /_(?:ms|milliseconds|minutes|kb|mb)(?:_total)?$/, `${name} is not in a base unit`);
    for (const { name: of, labels, value } of samples) {
      assert.ok(of === name || (type === 'histogram' && of.startsWith(`${name}_`)), `${of} is not of ${name}`);
      assert.ok(!series.has(of + labels), `${of}${labels} is there twice`);
      series.add(of + labels);
      assert.ok(value === '+Inf' || value === 'NaN' || Number.isFinite(Number(value)), `${of} ${value}`);
      if (type === 'counter') assert.ok(Number(value) >= 0, `${of} ${value}`);
    }
  }
  return names;
}
