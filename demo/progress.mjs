const WIDTH = 30;
const REDRAW_MS = 50;

/**
 * Shows how far a step is. On a terminal a bar that redraws in place; elsewhere (a log, a pipe) one line at the start
 * and one at the end.
 */
export function startProgress(label, { stream = process.stdout, now = Date.now } = {}) {
  if (!stream.isTTY) {
    stream.write(`${label.trim()} …\n`);
    return { update() {}, finish: (note) => stream.write(`${label.trim()}: ${note}\n`) };
  }
  let drawnAt = 0;
  const draw = (text) => stream.write(`\r\u001b[2K${text}`);
  draw(label);
  return {
    /** @param {number} fraction from 0 to 1 @param {string} note */
    update(fraction, note) {
      if (now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      draw(`${label}  ${bar(fraction)}  ${note}`);
    },
    finish: (note) => draw(`${label}  ${bar(1)}  ${note}\n`),
  };
}

function bar(fraction) {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * WIDTH);
  return `[${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}]`;
}
