import type { Progress } from '../gate/step.ts';
import { escapeTerminal } from '../text/terminal.ts';
import type { Terminal } from './command.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Milliseconds before anything is shown: what is faster needs no progress. */
const PATIENCE = 400;
const INTERVAL = 100;

/**
 * A line that is redrawn on a terminal while something runs, with the last line of a program's output beside it. On
 * anything else nothing is written: logs of a job have their own form.
 */
export function terminalProgress(terminal: Terminal): Progress {
  if (!terminal.interactive) return { start: () => {}, output: () => {}, end: () => {} };
  let activity = '';
  let last = '';
  let since = 0;
  let frame = 0;
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;
  const clear = (): void => {
    if (drawn) terminal.err('\r\u001b[K');
    drawn = false;
  };
  const draw = (): void => {
    if (Date.now() - since < PATIENCE) return;
    frame = (frame + 1) % FRAMES.length;
    const seconds = ((Date.now() - since) / 1000).toFixed(0);
    const text = `${FRAMES[frame]} ${activity} ${seconds} s${last === '' ? '' : `  ${last}`}`;
    terminal.err(`\r\u001b[K${text.slice(0, Math.max(20, terminal.width - 1))}`);
    drawn = true;
  };
  return {
    start: (text) => {
      activity = escapeTerminal(text);
      last = '';
      since = Date.now();
      if (timer === undefined) {
        timer = setInterval(draw, INTERVAL);
        timer.unref();
      }
    },
    output: (chunk) => {
      const line = chunk.trimEnd().split('\n').at(-1) ?? '';
      if (line !== '') last = escapeTerminal(line.slice(0, 200));
    },
    end: () => {
      clearInterval(timer);
      timer = undefined;
      clear();
    },
  };
}
