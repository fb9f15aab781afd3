import { USER_PAGES, textOf } from '../../support/pages.mjs';

/** The `ts` and `js` blocks of a page: its path, and their heading, line, language and code. */
export function snippetsOf(page, text) {
  const found = [];
  let heading = '';
  let open;
  text.split('\n').forEach((line, at) => {
    const fence = /^```(\w*)/.exec(line);
    if (fence && open) {
      if (['ts', 'js'].includes(open.language)) found.push({ ...open, code: `${open.code.join('\n')}\n` });
      open = undefined;
    } else if (fence) {
      open = { page, heading, line: at + 1, language: fence[1], code: [] };
    } else if (open) {
      open.code.push(line);
    } else if (line.startsWith('#')) {
      heading = line.replace(/^#+ /, '');
    }
  });
  return found;
}

/** Those of all pages that users read. */
export const snippets = () => USER_PAGES.flatMap((page) => snippetsOf(page, textOf(page)));

/** The promised output of a snippet, line by line: the comments that begin with an arrow. */
export const promisedOutput = (code) => [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
