/** A value that opens part by part. */
import { useState } from 'preact/hooks';
import { integer } from '../format/numbers';
import { childrenOf, kindOf, plain } from '../format/values';

const FIRST = 100;
const MORE = 1000;

const Leaf = ({ value }: { value: unknown }) => <span class={`value ${kindOf(value)}`}>{plain(value)}</span>;

interface NodeProps {
  name: string | undefined;
  value: unknown;
  depth: number;
}

function Children({ value, depth }: { value: unknown; depth: number }) {
  const [shown, show] = useState(FIRST);
  const children = childrenOf(value) ?? [];
  return (
    <ul>
      {children.slice(0, shown).map(([name, each]) => (
        <Node key={name} name={name} value={each} depth={depth + 1} />
      ))}
      {children.length > shown && (
        <li>
          <button type="button" class="plain more" onClick={() => show(shown + MORE)}>
            {integer(children.length - shown)} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Node({ name, value, depth }: NodeProps) {
  const [isOpen, setOpen] = useState(depth < 2);
  const children = childrenOf(value);
  const label = name !== undefined && <span class="name">{name}: </span>;
  if (children === undefined || children.length === 0) {
    return (
      <li>
        {label}
        <Leaf value={value} />
      </li>
    );
  }
  return (
    <li>
      <button type="button" class="plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span>
          <span class="twig" aria-hidden="true" />
        </span>
        {label}
        <Leaf value={value} />
      </button>
      {isOpen && <Children value={value} depth={depth} />}
    </li>
  );
}

export const ValueTree = ({ value }: { value: unknown }) => (
  <ul class="value-tree mono">
    <Node name={undefined} value={value} depth={0} />
  </ul>
);
