// Rules about the sources. Each takes the text of a file and returns a list of its faults.
const MOST_LINES = 400;

const lines = (text) => text.replace(/\n$/, '').split('\n');

/** A file of source that has grown too long. */
export function tooLong(text) {
  const { length } = lines(text);
  return length > MOST_LINES ? [`${length} lines; at most ${MOST_LINES}`] : [];
}

const MOST_COLUMNS = 120;

/** Text that cannot be broken: rows of tables, addresses, and texts and patterns so long that they make the line what it is. */
const TABLE = /^\s*(?:\/\/[/!]? )?\|/;
const ADDRESS = /:\/\//;
const TEXT = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|^\s*\/.+\/[a-z]*[,;]?$/g;
const MOST_BESIDE_TEXT = 60;

/** Lines that are too wide. */
export function tooWide(text) {
  const isWide = (line) => line.length > MOST_COLUMNS && !TABLE.test(line) && !ADDRESS.test(line);
  return lines(text).flatMap((line, at) => {
    const breaks = isWide(line) && line.replace(TEXT, '').length > MOST_BESIDE_TEXT;
    return breaks ? [`line ${at + 1} has ${line.length} columns; at most ${MOST_COLUMNS}`] : [];
  });
}

/** Rust outside comments and text in quotes. */
const codeOf = (rust) => rust.replace(/\/\/.*$/gm, '').replace(/"(?:\\.|[^"\\])*"/g, '""');

/** The keyword, where it is forbidden. */
export const unsafeCode = (rust) => (/\bunsafe\b/.test(codeOf(rust)) ? ['unsafe outside src/'] : []);

/** The packages that a Cargo.toml depends on, in whatever section. */
export function cargoDependencies(manifest) {
  const found = [];
  let inside = false;
  for (const line of lines(manifest)) {
    const [, section] = /^\[(.+)\]$/.exec(line.trim()) ?? [];
    if (section) {
      const [, named] = /(?:^|\.)(?:dev-|build-)?dependencies(?:\.(.+))?$/.exec(section) ?? [undefined, undefined];
      inside = /(?:^|\.)(?:dev-|build-)?dependencies$/.test(section);
      if (named) found.push(named);
    } else if (inside) {
      const [, name] = /^([\w-]+)/.exec(line.trim()) ?? [];
      if (name) found.push(name);
    }
  }
  return found;
}

const OUTSIDE_ENGINE =
  /^(?:napi.*|neon|redis|fred|lapin|async-nats|nats|hyper.*|axum|reqwest|h2|tonic|rustls|native-tls|openssl|lazy-layers-drivers)$/;

/** The part that decides about keys knows neither JavaScript nor a network. */
export const outsideEngine = (manifest) =>
  cargoDependencies(manifest)
    .filter((name) => OUTSIDE_ENGINE.test(name))
    .map((name) => `depends on ${name}`);

/** The modules a file of the facade may ask for: Node.js and its neighbours. */
export function foreignImports(javascript, { isLoader = false } = {}) {
  const asked = [...javascript.matchAll(/\b(?:require|import)\(\s*(['"`])([^'"`]+)\1|\bfrom\s+(['"])([^'"]+)\3/g)];
  const allowed = isLoader ? /^(?:node:|lazy-layers-cache-|\.\/native-advice\.js$)/ : /^(?:node:|\.{1,2}\/)/;
  return asked
    .map((match) => match[2] ?? match[4])
    .filter((name) => !allowed.test(name))
    .map((name) => `asks for ${name}`);
}
