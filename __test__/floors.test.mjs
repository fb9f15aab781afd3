import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../scripts/parts/project.mjs';
import { floorsOf, pathsOf, requireArrows, rustArrows, wrongArrows } from './support/floors.mjs';

const text = (path) => readFileSync(join(ROOT, path), 'utf8');
const after = (heading, source) => source.slice(source.indexOf(heading) + heading.length);

for (const [part, onlyTests] of [
  ['engine/src', (file) => /^testing\/|(^|\/)tests(\.rs|\/)/.test(file)],
  ['drivers/src', (file) => /(^|\/)tests(\.rs|\/)/.test(file)],
  ['src', (file) => /^contract\/javascript\/|(^|\/)tests(\.rs|\/)/.test(file)],
]) {
  test(`a module of ${part} uses those on lower floors alone`, () => {
    const floors = floorsOf(after('//! # Floors\n', text(`${part}/lib.rs`)));
    const arrows = rustArrows(join(ROOT, part), onlyTests);
    assert.ok(floors.size > 4 && arrows.length > 4, 'nothing would be checked');
    assert.deepEqual(wrongArrows(arrows, floors), []);
  });
}

test('a file of lib uses those on lower floors alone', () => {
  const floors = floorsOf(after('## Floors of the facade\n', text('ARCHITECTURE.md')));
  const arrows = requireArrows(join(ROOT, 'lib'));
  assert.ok(floors.size > 4 && arrows.length > 4, 'nothing would be checked');
  assert.deepEqual(wrongArrows(arrows, floors), []);
});

test('a tree of `use` is all of its paths', () => {
  assert.deepEqual(pathsOf('crate::{\n a::{self, B},\n c::D as E }'), [
    'crate::a::self',
    'crate::a::B',
    'crate::c::D as E',
  ]);
});

test('an arrow up, one to the same floor and a module without a floor are found', () => {
  const floors = floorsOf(
    '//! 0. [`low`](mod@low) the ground ·\n//!    [`side`] too\n//! 1. [`high`] above\n//!\n//! [`other`]',
  );
  assert.deepEqual(
    [...floors],
    [
      ['low', 0],
      ['side', 0],
      ['high', 1],
    ],
  );
  const arrows = [
    { from: 'high', to: 'low', file: 'high.rs' },
    { from: 'low', to: 'high', file: 'low.rs' },
    { from: 'low', to: 'side', file: 'low.rs' },
    { from: 'high', to: 'other', file: 'high.rs' },
  ];
  assert.deepEqual(wrongArrows(arrows, floors), [
    'other is on no floor',
    'low.rs: low (0) uses high (1)',
    'low.rs: low (0) uses side (0)',
  ]);
});
