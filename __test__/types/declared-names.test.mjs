import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const require = createRequire(import.meta.url);
const NAME = 'lazy-layers-cache';
/** Each entry point, with the files that declare it to `import` and to `require`. */
const entries = {
  [NAME]: ['index.d.mts', 'index.d.ts'],
  [`${NAME}/cache`]: ['entry/cache.d.mts', 'entry/cache.d.ts'],
  [`${NAME}/event-bus`]: ['entry/event-bus.d.mts', 'entry/event-bus.d.ts'],
  [`${NAME}/observability`]: ['entry/observability.d.mts', 'entry/observability.d.ts'],
  [`${NAME}/otel`]: ['entry/otel.d.mts', 'entry/otel.d.ts'],
  [`${NAME}/testing`]: ['entry/testing.d.mts', 'entry/testing.d.ts'],
  [`${NAME}/types`]: ['entry/types.d.mts', 'entry/types.d.ts'],
};
const pathOf = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

let program;
let checker;

before(() => {
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: [], noEmit: true };
  program = ts.createProgram(Object.values(entries).flat().map(pathOf), options);
  checker = program.getTypeChecker();
});

function exportsOf(file) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(pathOf(file)));
  return checker.getExportsOfModule(module).filter(({ name }) => name !== 'export=');
}

const isTypeOnly = (symbol) => symbol.declarations?.some((declaration) => ts.isTypeOnlyExportDeclaration(declaration));
const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
const isValue = (symbol) => !isTypeOnly(symbol) && (resolved(symbol).flags & ts.SymbolFlags.Value) !== 0;

for (const [entry, files] of Object.entries(entries)) {
  for (const file of files) {
    test(`${file} declares the values that ${entry} exports`, () => {
      const declared = exportsOf(file)
        .filter(isValue)
        .map(({ name }) => name);
      const byDefault = file.endsWith('.d.mts') ? ['default'] : [];
      assert.deepEqual(declared.sort(), [...Object.keys(require(entry)), ...byDefault].sort());
    });
  }
}

test('the entry point of types has the types of all others', () => {
  const isType = (symbol) => (resolved(symbol).flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) !== 0;
  const typesOf = (file) =>
    exportsOf(file)
      .filter(isType)
      .map(({ name }) => name)
      .sort();
  assert.deepEqual(typesOf('types/index.d.ts'), typesOf('index.d.ts'));
  assert.ok(typesOf('index.d.ts').includes('CacheEvent'));
});

/** Public names of an object's class and of what that extends. */
function methodsOf(Class) {
  const names = new Set();
  for (let proto = Class.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const name of Object.getOwnPropertyNames(proto)) names.add(name);
  }
  names.delete('constructor');
  return [...names].sort();
}

for (const name of ['LazyLayersCache', 'HybridCache', 'MemoryStore', 'RedisStore', 'CircuitBreaker']) {
  test(`${name} is declared with the members that it has`, () => {
    const symbol = exportsOf('index.d.ts').find((exported) => exported.name === name);
    const members = checker.getDeclaredTypeOfSymbol(resolved(symbol)).getProperties();
    const declared = members.map((member) => member.name).filter((member) => !member.startsWith('__@'));
    assert.deepEqual(declared.sort(), methodsOf(require(NAME)[name]));
  });
}
