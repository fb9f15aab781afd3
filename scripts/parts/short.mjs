// JavaScript as it is published: without comments, and with short names of variables.
import { minify_sync as minify } from 'terser';

/**
 * Bundlers that cannot take an addon show the line that asks for it, esbuild no more than 68 columns of it: room for
 * the two ways out, which README.md explains.
 */
const withAdvice = (text) =>
  text.replace(/(case"[^"]+":)(\w+=require\("lazy-layers-cache-[^"]+"\))[\n;]/g, '$1\n$2//external, .node=copy\n');

/**
 * The text of a file, short. Functions and classes keep their names, and each statement its line: stack traces show
 * them. The code itself is not changed, so that it runs as that of the sources. A licence stays.
 */
export function short(text) {
  const { code } = minify(text, {
    ecma: 2020,
    compress: false,
    mangle: { keep_classnames: true, keep_fnames: true },
    format: { comments: /^!/, semicolons: false },
  });
  return withAdvice(`${code}\n`);
}
