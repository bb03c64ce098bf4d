import type { ProgressState } from '../daemon/diagnosis/progress.ts';
import { columns, paint } from './terminal.ts';

const BAR = 16;
const EVERY_MS = 200;
/** What is over by then needs no line. */
const AFTER_MS = 400;

/** One line on a terminal that is written anew as things go on, and is gone in the end; nothing anywhere else. */
export class ProgressLine {
  readonly #stream = process.stderr;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #drawnAt = 0;
  #state: ProgressState = { done: 0, total: 1, current: [] };

  constructor() {
    if (this.#stream.isTTY && process.env.TERM !== 'dumb') this.#timer = setInterval(() => this.#draw(), EVERY_MS);
  }

  update(state: ProgressState): void {
    this.#state = state;
    // Work that lets no timer run tells of itself, and may do so a thousand times a second.
    if (this.#timer !== undefined && performance.now() - this.#drawnAt >= EVERY_MS) this.#draw();
  }

  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    if (this.#drawnAt > 0) this.#stream.write('\r\x1b[K');
  }

  #draw(): void {
    const now = performance.now();
    if (now - this.#startedAt < AFTER_MS) return;
    this.#drawnAt = now;
    const { done, total, current } = this.#state;
    const filled = Math.floor((BAR * done) / total);
    const bar = `${'━'.repeat(filled)}${'╌'.repeat(BAR - filled)}`;
    const seconds = Math.floor((performance.now() - this.#startedAt) / 1_000);
    const head = `${String(seconds).padStart(3)} s  `;
    const room = columns(80) - BAR - head.length - 3;
    const text = current.join(', ');
    const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    this.#stream.write(`\r\x1b[K${head}${paint('cyan', bar, this.#stream)}  ${paint('dim', shown, this.#stream)}`);
  }
}
