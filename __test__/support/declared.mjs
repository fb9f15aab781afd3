// The declarations of the package, as TypeScript sees them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../../scripts/parts/project.mjs';

const files = readdirSync(join(ROOT, 'types')).map((name) => join(ROOT, 'types', name));
const isOurs = ({ fileName }) => files.includes(join(fileName));

const program = ts.createProgram(files, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  skipLibCheck: true,
});
const checker = program.getTypeChecker();
const statements = program
  .getSourceFiles()
  .filter(isOurs)
  .flatMap((file) => [...file.statements]);
const named = new Map(statements.filter(({ name }) => name).map((statement) => [statement.name.text, statement]));

const typeOf = (name) => checker.getDeclaredTypeOfSymbol(checker.getSymbolAtLocation(named.get(name).name));
const namesOf = (type) => type.getProperties().map((symbol) => symbol.name);

/** Whether options may be nested in a type: it is an interface of options, or an object that is written in place. */
function hasOptions(type) {
  if (type.symbol === undefined) return false;
  if (type.isClassOrInterface()) return type.symbol.name.endsWith('Options');
  return type.symbol.name === '__type' && type.getCallSignatures().length === 0;
}

/** The options in a type: each with its path, and the default that its comment states. */
function optionsIn(type, prefix) {
  return type.getProperties().flatMap((symbol) => {
    const own = checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
    const nested = (own.isUnion() ? own.types : [own]).find(hasOptions);
    const isNested = nested && symbol.declarations.some((node) => isOurs(node.getSourceFile()));
    if (isNested) return optionsIn(nested, `${prefix}${symbol.name}.`);
    const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll('\n', ' ');
    return [{ path: `${prefix}${symbol.name}`, stated: /Default: (`[^`]+`|[^.]+)/.exec(comment)?.[1] }];
  });
}

/** The names of the members of a class or an interface that users call by name. */
export const membersOf = (name) => namesOf(typeOf(name)).filter((member) => !member.startsWith('__'));

/** The options of an interface by their paths, as `levels.L1.ttlMs`, with the defaults that their comments state. */
export const optionsOf = (name) => optionsIn(typeOf(name), '');

/** Each event: its type, and the names of its other fields. */
export const events = () =>
  typeOf('CacheEvent').types.map((event) => ({
    type: checker.getTypeOfSymbol(event.getProperty('type')).value,
    fields: namesOf(event).filter((name) => name !== 'type'),
  }));
