import { deferred, turns } from './deferred.mjs';

/** A batch loader that stops until the test answers it, call by call. */
export function heldBatches() {
  const calls = [];
  const load = (keys, context) => {
    const answer = deferred();
    calls.push({ keys, context, ...answer });
    return answer.promise;
  };
  const nth = async (n) => {
    while (calls.length <= n) await turns(1);
    return calls[n];
  };
  return { load, calls, nth };
}
