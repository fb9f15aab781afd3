/** Values as the server writes them: JSON, and objects with `$type` for values that JSON lacks. */
export interface Tagged {
  $type: string;
  text?: string;
  name?: string;
  length?: number;
  base64?: string;
  entries?: [unknown, unknown][];
  values?: unknown[];
}

export const isTagged = (value: unknown): value is Tagged =>
  typeof value === 'object' && value !== null && typeof (value as Tagged).$type === 'string';

export type Child = [name: string, value: unknown];

/** Object.entries, for numbers and names alike; undefined for a value without parts. */
export function childrenOf(value: unknown): Child[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!isTagged(value)) return Object.entries(value);
  if (value.entries) return value.entries.map(([name, each]) => [plain(name), each]);
  return value.values?.map((each, index) => [String(index), each]);
}

/** A value in a line. */
export function plain(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (isTagged(value)) return plainTagged(value);
  return Array.isArray(value) ? `Array(${value.length})` : `{ ${Object.keys(value).length} }`;
}

function plainTagged({ $type, text, name, length, entries, values }: Tagged): string {
  if ($type === 'bigint') return `${text}n`;
  if ($type === 'Map') return `Map(${entries?.length ?? 0})`;
  if ($type === 'Set') return `Set(${values?.length ?? 0})`;
  if ($type === 'bytes') return `${name ?? 'bytes'}(${length ?? 0})`;
  if ($type === 'number' || $type === 'RegExp' || $type === 'symbol') return text ?? $type;
  return text === undefined ? $type : `${$type} ${text}`;
}

/** For the colour. */
export function kindOf(value: unknown): string {
  if (value === null || typeof value === 'boolean') return 'constant';
  if (typeof value === 'string' || typeof value === 'number') return typeof value;
  if (isTagged(value)) return value.$type === 'bigint' || value.$type === 'number' ? 'number' : 'special';
  return 'object';
}

export interface Difference {
  path: string;
  /** undefined: it is not there. */
  left: unknown;
  right: unknown;
}

const MOST_DIFFERENCES = 500;

/** Where two values differ, deepest first found: objects and lists are compared part by part. */
export function differences(left: unknown, right: unknown, path = '', found: Difference[] = []): Difference[] {
  if (found.length >= MOST_DIFFERENCES || JSON.stringify(left) === JSON.stringify(right)) return found;
  const isList = Array.isArray(left);
  const isDeep = (value: unknown) => typeof value === 'object' && value !== null && !isTagged(value);
  if (!isDeep(left) || !isDeep(right) || isList !== Array.isArray(right)) {
    found.push({ path: path || '(value)', left, right });
    return found;
  }
  const [before, after] = [left as Record<string, unknown>, right as Record<string, unknown>];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const step = isList ? `[${name}]` : /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
    differences(before[name], after[name], path + step, found);
  }
  return found;
}
