import { readFileSync } from 'node:fs';

const README = new URL('../../../README.md', import.meta.url);

/** What comes before every snippet: the world that README takes for granted. */
export const AMBIENT = `
interface Row { id: string; name: string }
declare const db: { users: { findById(id: string, options?: { signal?: AbortSignal }): Promise<Row | undefined> } };
declare const metrics: { increment(name: string, labels: Record<string, string>): void };
declare const logger: { error(fields: Record<string, unknown>, message: string): void };
declare const span: { addEvent(name: string, attributes: Record<string, unknown>): void };
`;

/** The same for snippets that are run. */
export const WORLD = `
globalThis.db = { users: { findById: async (id) => ({ id, name: "Ada" }) } };
globalThis.metrics = { increment() {} };
globalThis.logger = { error() {} };
globalThis.span = { addEvent() {} };
`;

/** The \`ts\` and \`js\` blocks of README: their heading, line, language and code. */
export function snippets() {
  const lines = readFileSync(README, 'utf8').split('\n');
  const found = [];
  let heading = '';
  let open;
  lines.forEach((text, at) => {
    const fence = /^```(\w*)/.exec(text);
    if (fence && open) {
      if (['ts', 'js'].includes(open.language)) found.push({ ...open, code: `${open.code.join('\n')}\n` });
      open = undefined;
    } else if (fence) {
      open = { heading, line: at + 1, language: fence[1], code: [] };
    } else if (open) {
      open.code.push(text);
    } else if (text.startsWith('#')) {
      heading = text.replace(/^#+ /, '');
    }
  });
  return found;
}

/** What a snippet says that it prints, line by line: the comments that begin with an arrow. */
export const promisedOutput = (code) => [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
