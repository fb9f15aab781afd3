// Threads of this process.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const TASKS = '/proc/self/task';

/** How many threads have that name; 0 where the system does not tell. */
export function threadsNamed(name) {
  if (!existsSync(TASKS)) return 0;
  const names = readdirSync(TASKS).map((task) => {
    try {
      return readFileSync(`${TASKS}/${task}/comm`, 'utf8').trim();
    } catch {
      // It has ended meanwhile.
      return '';
    }
  });
  return names.filter((one) => one === name).length;
}
