import { setTimeout as delay } from 'node:timers/promises';

const HOME_AND_CLEAR_BELOW = '\u001b[H\u001b[J';
const CLEAR_LINE_END = '\u001b[K';
const OTHER_SCREEN = '\u001b[?1049h\u001b[?25l';
const FIRST_SCREEN = '\u001b[?25h\u001b[?1049l';

/**
 * Shows a picture again and again until a signal comes: in place on a terminal, below each other elsewhere.
 *
 * Units: `everyMs` milliseconds.
 */
export async function watch(everyMs: number, picture: () => Promise<readonly string[]>): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const inPlace = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
  if (inPlace) process.stdout.write(OTHER_SCREEN);
  try {
    while (!stop.signal.aborted) {
      const lines = await picture();
      process.stdout.write(inPlace ? onScreen(lines) : `${lines.join('\n')}\n\n`);
      await delay(everyMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  } finally {
    if (inPlace) process.stdout.write(FIRST_SCREEN);
  }
}

/** As much as the terminal has lines for, so that nothing scrolls. */
function onScreen(lines: readonly string[]): string {
  const rows = (process.stdout.rows ?? 24) - 1;
  const shown = lines.length > rows ? [...lines.slice(0, rows - 1), '...'] : lines;
  return `${HOME_AND_CLEAR_BELOW}${shown.map((line) => `${line}${CLEAR_LINE_END}`).join('\n')}\n`;
}
