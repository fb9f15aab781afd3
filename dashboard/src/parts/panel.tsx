import type { ComponentChildren } from 'preact';

interface PanelProps {
  title: string;
  /** Beside the title. */
  note?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

export function Panel({ title, note, class: name = '', children }: PanelProps) {
  const id = `panel-${title.replace(/\W+/g, '-').toLowerCase()}`;
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {note !== undefined && <div class="note">{note}</div>}
      </header>
      {children}
    </section>
  );
}

interface HeadProps {
  title: ComponentChildren;
  text?: ComponentChildren;
  /** Buttons and choices of the view. */
  children?: ComponentChildren;
}

export function Head({ title, text, children }: HeadProps) {
  return (
    <header class="head">
      <div>
        <h1>{title}</h1>
        {text !== undefined && <p>{text}</p>}
      </div>
      {children && <div class="tools">{children}</div>}
    </header>
  );
}

export interface Fact {
  name: string;
  value: ComponentChildren;
  tone?: 'good' | 'warn' | 'bad' | undefined;
}

/** Names and values in two columns. */
export function Facts({ facts }: { facts: (Fact | undefined)[] }) {
  return (
    <dl class="facts">
      {facts.map(
        (fact) =>
          fact !== undefined && (
            <div key={fact.name}>
              <dt>{fact.name}</dt>
              <dd class={fact.tone}>{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

interface SegmentsProps<T extends string> {
  label: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChoose: (value: T) => void;
}

/** One of a few, all of them seen. */
export function Segments<T extends string>({ label, options, value, onChoose }: SegmentsProps<T>) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([name, text]) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => onChoose(name)}>
          {text}
        </button>
      ))}
    </div>
  );
}
