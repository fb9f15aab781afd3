// The keys of a run, and patterns over them.

/** As callers pass them: numbers too. */
export const KEYS = ['a:1', 'a:2', 'a:10', 'b:1', 'b:[x]', 'é𝄞', 7, '8', `long:${'x'.repeat(30)}`, 'c'];
export const TEXTS = KEYS.map(String);
export const PATTERNS = ['a:*', 'a:?', '*:1', '?', 'b:[x]', 'long*', 'none*', '*', 'é?'];
/** Namespaces that have some of them. */
export const NAMESPACES = ['a', 'b'];

/** Tags of values. */
export const TAGS = ['x', 'y', 'é𝄞'];

/** A matcher that is as plain as it can be. */
export function matches(pattern, text) {
  const [patternChars, chars] = [[...pattern], [...text]];
  const from = (at, pos) => {
    if (at === patternChars.length) return pos === chars.length;
    if (patternChars[at] === '*') return from(at + 1, pos) || (pos < chars.length && from(at, pos + 1));
    if (pos === chars.length) return false;
    return (patternChars[at] === '?' || patternChars[at] === chars[pos]) && from(at + 1, pos + 1);
  };
  return from(0, 0);
}
