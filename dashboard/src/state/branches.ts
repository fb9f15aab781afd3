/** The tree of a layer's keys, as far as it was opened. */
import { signal } from '@preact/signals';
import { Refused, get } from './api';
import type { Tree, TreeNode } from './shapes';

export interface Branch {
  nodes: TreeNode[];
  keys: number;
  bytes: number | null;
  seen: number;
  size: number;
  isComplete: boolean;
  /** Children that were left out. */
  more: number;
  cursor: string | null;
  limit: number;
  isBusy: boolean;
  error: string | undefined;
}

export interface TreeAsked {
  layer: 'l1' | 'l2';
  cache: string | undefined;
  delimiter: string;
}

const FIRST_LIMIT = 200;
/** Keys of a shared layer that one request looks at. */
const BUDGET = 10_000;

const EMPTY: Branch = {
  nodes: [],
  keys: 0,
  bytes: 0,
  seen: 0,
  size: 0,
  isComplete: false,
  more: 0,
  cursor: null,
  limit: FIRST_LIMIT,
  isBusy: false,
  error: undefined,
};

const sum = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b);

/** A shared layer is looked at in parts: the same child of two of them is one. */
function together(before: TreeNode[], nodes: TreeNode[]): TreeNode[] {
  const all = new Map(before.map((node) => [`${node.isKey} ${node.prefix}`, node]));
  for (const node of nodes) {
    const id = `${node.isKey} ${node.prefix}`;
    const known = all.get(id);
    const merged = known && { ...known, keys: known.keys + node.keys, bytes: sum(known.bytes, node.bytes) };
    all.set(id, merged ?? node);
  }
  return [...all.values()].sort((a, b) => b.keys - a.keys);
}

export class Branches {
  readonly all = signal<ReadonlyMap<string, Branch>>(new Map());
  /** `true` when the layer cannot be looked into. */
  readonly isClosed = signal(false);
  readonly #controller = new AbortController();

  constructor(readonly asked: TreeAsked) {}

  end(): void {
    this.#controller.abort();
  }

  /** The children of a prefix, if they are not there or on their way. */
  load(prefix: string): void {
    if (!this.all.peek().has(prefix)) void this.#ask(prefix, EMPTY);
  }

  /** More of them: further keys of a shared layer, or those that were left out. */
  more(prefix: string): void {
    const before = this.all.peek().get(prefix);
    if (before === undefined || before.isBusy) return;
    if (before.cursor !== null) void this.#ask(prefix, before);
    else void this.#ask(prefix, { ...EMPTY, limit: before.limit * 10 });
  }

  async #ask(prefix: string, before: Branch): Promise<void> {
    const { layer, cache, delimiter } = this.asked;
    const budget = layer === 'l2' ? BUDGET : undefined;
    const query = { layer, cache, delimiter, prefix, budget, limit: before.limit, cursor: before.cursor };
    this.#put(prefix, { ...before, isBusy: true });
    try {
      const tree = await get<Tree | null>('api/tree', query, this.#controller.signal);
      if (tree === null) this.isClosed.value = true;
      else this.#put(prefix, this.#joined(before, tree));
    } catch (error) {
      if (this.#controller.signal.aborted) return;
      const text = error instanceof Refused ? error.message : String(error);
      this.#put(prefix, { ...before, isBusy: false, error: text });
    }
  }

  #joined(before: Branch, tree: Tree): Branch {
    const goesOn = before.cursor !== null;
    return {
      nodes: goesOn ? together(before.nodes, tree.nodes) : tree.nodes,
      keys: tree.keys + (goesOn ? before.keys : 0),
      bytes: goesOn ? sum(tree.bytes, before.bytes) : tree.bytes,
      seen: tree.seen + (goesOn ? before.seen : 0),
      size: tree.size,
      isComplete: tree.complete || (goesOn && !tree.cursor),
      more: tree.more,
      cursor: tree.cursor ?? null,
      limit: before.limit,
      isBusy: false,
      error: undefined,
    };
  }

  #put(prefix: string, branch: Branch): void {
    this.all.value = new Map(this.all.peek()).set(prefix, branch);
  }
}
