/** The actions on a key. Each asks once more, and says how far it reaches. Only callers know loaders. */
import { useState } from 'preact/hooks';
import { type Action, Refused, act } from '../state/api';
import { cache, cacheId, process } from '../state/live';

const gone = (hasBus: boolean) => `It leaves L1 and L2${hasBus ? ', here and in all instances' : ''}.`;

const ACTIONS: { action: Action; text: string; scope: (hasBus: boolean) => string }[] = [
  {
    action: 'refresh',
    text: 'Reload at next read',
    scope: (hasBus) => `${gone(hasBus)} The next getOrSet loads it: its loader cannot be run from here.`,
  },
  {
    action: 'expire',
    text: 'Expire',
    scope: (hasBus) => `${gone(hasBus)} A stale copy stays for loads that fail, where failSafe keeps one.`,
  },
  {
    action: 'delete',
    text: 'Delete',
    scope: (hasBus) => `${gone(hasBus)} No stale copy stays. This cannot be undone.`,
  },
];

export function Actions({ name }: { name: string }) {
  const [asked, ask] = useState<Action | undefined>();
  const [said, say] = useState('');
  if (!process.value.data?.actions) return null;
  const chosen = ACTIONS.find(({ action }) => action === asked);
  const perform = async (action: Action) => {
    ask(undefined);
    try {
      await act(action, name, cacheId.value);
      say(`${action}: done`);
    } catch (error) {
      say(error instanceof Refused ? error.message : String(error));
    }
    setTimeout(() => say(''), 4000);
  };
  return (
    <div class="actions">
      <span class="muted small" role="status">
        {said}
      </span>
      {chosen === undefined ? (
        ACTIONS.map(({ action, text }) => (
          <button key={action} type="button" class={action === 'delete' ? 'danger' : ''} onClick={() => ask(action)}>
            {text}
          </button>
        ))
      ) : (
        <div class="confirm" role="group" aria-label={`${chosen.text}?`}>
          <span>{chosen.scope(cache.value?.layers.bus ?? false)}</span>
          <button type="button" class="primary" onClick={() => perform(chosen.action)}>
            {chosen.text}
          </button>
          <button type="button" onClick={() => ask(undefined)}>
            Cancel
          </button>
        </div>
      )}
    </div>
  );
}
