// The documentation as tests see it: its pages, their links, headings and tables.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/parts/project.mjs';

const pagesIn = (folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);

/** The pages that users read, by their paths in the sources. */
export const USER_PAGES = ['README.md', ...pagesIn('docs')];

/** All pages. */
export const PAGES = [
  ...USER_PAGES,
  ...pagesIn('docs/decisions'),
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
];

export const textOf = (path) => readFileSync(join(ROOT, path), 'utf8');

/** A page without its blocks of code, which may hold anything. */
const proseOf = (text) => text.replaceAll(/^ *```[^]*?^ *```$/gm, '');

/** Where the links and pictures of a page lead. */
export const linksOf = (text) => [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to);

/** The anchors of the headings of a page, as GitHub makes them. */
export function anchorsOf(text) {
  const headings = [...proseOf(text).matchAll(/^#{1,6} (.*)$/gm)].map(([, words]) => words);
  const anchors = headings.map((words) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return new Set(anchors);
}

/** The rows of the tables of a page, each as its cells. */
export const rowsOf = (text) =>
  [...proseOf(text).matchAll(/^\| (.*) \|$/gm)].map(([, row]) => row.split(/(?<!\\) \| /)).filter(([cell]) => cell);

/** The names in backticks of a text. */
export const namesIn = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
