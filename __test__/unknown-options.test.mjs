import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import ts from 'typescript';
import { LazyLayersCache } from '../index.mjs';

/** The warnings of a cache with these options. */
function warned(t, options) {
  const warn = t.mock.method(console, 'warn', () => {});
  new LazyLayersCache({ logging: { enabled: true }, ...options });
  warn.mock.restore();
  return warn.mock.calls.map(({ arguments: [, line] }) => line);
}

test('a name that a group of options does not have is told with those that it has', (t) => {
  assert.deepEqual(warned(t, { versioning: { enabled: true, on: 1 } }), [
    'option "versioning.on" is not known and has no effect: versioning takes enabled',
  ]);
});

test('a name that the groups of logs and of the dashboard do not have is told', (t) => {
  const observability = { enabled: false, port: 1, server: { prot: 1 }, auth: { user: 'a' } };
  assert.deepEqual(
    warned(t, { logging: { enabled: true, level: 'debug' }, observability }).map((line) => line.split(' is not')[0]),
    ['logging.level', 'observability.port', 'observability.server.prot', 'observability.auth.user'].map(
      (path) => `option "${path}"`,
    ),
  );
  assert.deepEqual(warned(t, { host: 'a', port: 1, prefix: 'p', env: 'e', route: '/' }), []);
});

test('an option of another place, or without its unit, is told with its path', (t) => {
  assert.deepEqual(warned(t, { ttl: 1, maxEntries: 10 }), [
    'option "ttl" is not known and has no effect: "ttlMs" may be meant',
    'option "maxEntries" is not known and has no effect: "levels.L1.maxEntries" may be meant',
  ]);
});

test("options of a user's own are not told", (t) => {
  assert.deepEqual(warned(t, { tenant: 'a', failSafe: null, levels: undefined, region: { ttlMs: 1 } }), []);
});

test('nothing is told where warnings are off', (t) => {
  const warn = t.mock.method(console, 'warn', () => {});
  new LazyLayersCache({ logging: { env: 'production' }, ttl: 1 });
  new LazyLayersCache({ logging: { enabled: false }, ttl: 1 });
  assert.equal(warn.mock.callCount(), 0);
});

test('no option of the types is taken for unknown', (t) => {
  const file = new URL('../types/options.d.ts', import.meta.url);
  const source = ts.createSourceFile(file.pathname, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const interfaces = new Map(
    source.statements.filter(ts.isInterfaceDeclaration).map((declared) => [declared.name.text, declared]),
  );
  /** An object with a property for each of a type, `undefined` where that is no group of options. */
  const every = (type) => {
    if (type === undefined) return undefined;
    if (ts.isUnionTypeNode(type)) return type.types.map(every).find((group) => group !== undefined);
    if (ts.isTypeLiteralNode(type)) return properties(type.members);
    const declared = interfaces.get((type.typeName ?? type.expression)?.text);
    if (declared === undefined) return undefined;
    const inherited = (declared.heritageClauses ?? []).flatMap(({ types }) => types.map(every));
    return Object.assign({}, ...inherited, properties(declared.members));
  };
  const properties = (members) =>
    Object.fromEntries(members.filter(ts.isPropertySignature).map(({ name, type }) => [name.text, every(type)]));
  const options = Object.assign({}, every(ts.factory.createTypeReferenceNode('HybridCacheOptions')));
  assert.ok('L1' in options.levels && 'maxBytes' in options.levels.L1 && 'failSafe' in options);
  assert.deepEqual(warned(t, { ...options, logging: { enabled: true } }), []);
});
