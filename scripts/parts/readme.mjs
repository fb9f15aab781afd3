// README.md as it is published: for users of the package, who have no sources beside it.

/** The section for readers with the sources. */
const SECTION = 'Working on it';

/** Pictures by themselves, or in a table of nothing else, and the empty line behind them. */
const PICTURES = /^(?:!\[[^\]]*\]\([^)]*\)|(?:\| !\[[^\]]*\]\([^)]*\) )+\|\n\|(?: --- \|)+(?:\n\|.*\|)?)\n\n?/gm;

/**
 * Leaves out the section for contributors. Links to files of the sources lead to where those are hosted; where that is
 * not known they become their text, and pictures go.
 * @param {string} text
 * @param {string} [files] the address under which the files of the sources are found
 */
export function publishedReadme(text, files) {
  const section = new RegExp(`^## ${SECTION}\\n[^]*?(?=^## )`, 'm');
  const entry = new RegExp(`[\\s]*·[\\s]*\\[${SECTION}\\]\\([^)]*\\)`);
  const kept = files === undefined ? text.replaceAll(PICTURES, '') : text;
  return kept
    .replace(section, '')
    .replace(entry, '')
    .replaceAll(/(!?)\[([^\]]*)\]\((?!https?:|#)([^)]*)\)/g, (_whole, isPicture, words, path) => {
      if (files === undefined) return words;
      return `${isPicture}[${words}](${files}/${path}${isPicture ? '?raw=true' : ''})`;
    });
}
