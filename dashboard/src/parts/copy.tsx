import { useState } from 'preact/hooks';

/** Where the clipboard is closed (plain http), a selection is copied instead. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

interface CopyProps {
  /** Called when it is asked for. */
  of: () => unknown;
  children?: string;
}

export function CopyJson({ of, children = 'Copy JSON' }: CopyProps) {
  const [said, say] = useState('');
  const press = async () => {
    const done = await copy(JSON.stringify(of(), null, 2) ?? 'null');
    say(done ? 'Copied' : 'Not copied');
    setTimeout(() => say(''), 1500);
  };
  return (
    <button type="button" onClick={press}>
      <span aria-live="polite">{said || children}</span>
    </button>
  );
}
