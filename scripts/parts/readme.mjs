// README.md and the pages of docs/ as they are published: for users of the package, who have no sources beside them.
import { posix } from 'node:path';

/** The section for readers with the sources. */
const SECTION = 'Working on it';

/** Pictures by themselves, or in a table of nothing else, and the empty line behind them. */
const PICTURES = /^(?:!\[[^\]]*\]\([^)]*\)|(?:\| !\[[^\]]*\]\([^)]*\) )+\|\n\|(?: --- \|)+(?:\n\|.*\|)?)\n\n?/gm;

/**
 * A page as it is published. Links to published files stay. Links to other files of the sources lead to where those are
 * hosted; where that is not known they become their text, and pictures go.
 * @param {string} text
 * @param {{ page?: string, published: ReadonlySet<string>, files?: string | undefined }} options `page`: its path, and
 *   `published`: the paths of published files; `files`: the address under which the files of the sources are found
 */
export function publishedPage(text, { page = 'README.md', published, files }) {
  const kept = files === undefined ? text.replaceAll(PICTURES, '') : text;
  return kept.replaceAll(/(!?)\[([^\]]*)\]\((?!https?:|#)([^)]*)\)/g, (whole, isPicture, words, to) => {
    const [path, anchor] = to.split('#');
    const file = posix.join(posix.dirname(page), path);
    if (published.has(file)) return whole;
    if (files === undefined) return words;
    return `${isPicture}[${words}](${files}/${file}${anchor ? `#${anchor}` : ''}${isPicture ? '?raw=true' : ''})`;
  });
}

/** The README, without its section for contributors. */
export function publishedReadme(text, options) {
  const section = new RegExp(`^## ${SECTION}\\n[^]*?(?=^## )`, 'm');
  const entry = new RegExp(`[\\s]*·[\\s]*\\[${SECTION}\\]\\([^)]*\\)`);
  return publishedPage(text.replace(section, '').replace(entry, ''), options);
}
