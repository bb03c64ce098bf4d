import type { LogLevel } from '../../daemon/configuration/names.ts';
import type { Report } from '../../daemon/reports.ts';
import { withProgramName } from '../program-name.ts';
import { log as write } from '../standard-output.ts';
import { tell } from '../story.ts';
import { tellJson } from '../story-json.ts';
import { paint, reportError } from '../terminal.ts';
import { visible } from '../words.ts';
import { type LeftOut, LineLimits } from './line-limits.ts';
import { detail, isHeavyEnough, kindOf, levelOf } from './weight.ts';

/** `text`: words for people; `json`: lines of pino; `events`: one object for each change, a stable interface. */
export type LogFormat = 'text' | 'json' | 'events';

/** How entries look. */
export interface Form {
  readonly report: (report: Report, level: LogLevel) => void;
  readonly leftOut: (leftOut: LeftOut) => void;
  /** Says why the process ends; gives its exit status. */
  readonly failure: (error: unknown) => number;
}

/** What a process that keeps running says: no lighter than its level, and bounded in each kind of entry. */
export class Log {
  level: LogLevel = 'info';
  readonly #form: Form;
  /** Events are for programs, which know what they look for. */
  readonly #hasLevels: boolean;
  readonly #limits = new LineLimits();
  #timer: NodeJS.Timeout | undefined;

  private constructor(form: Form, hasLevels: boolean) {
    this.#form = form;
    this.#hasLevels = hasLevels;
  }

  static async open(format: LogFormat, level: LogLevel): Promise<Log> {
    const log = new Log(await formOf(format), format !== 'events');
    log.level = level;
    return log;
  }

  tell(report: Report): void {
    const level = levelOf(report);
    if (this.#hasLevels && !isHeavyEnough(level, this.level)) return;
    const now = performance.now();
    this.#tellLeftOut(now);
    const kind = kindOf(report);
    if (kind === undefined || this.#limits.admits(kind, now)) this.#form.report(report, level);
    else this.#timer ??= setTimeout(() => this.#tellLeftOut(performance.now()), this.#limits.deadlineAt - now).unref();
  }

  /** Says why the process ends; gives its exit status. */
  fail(error: unknown): number {
    this.close();
    return this.#form.failure(error);
  }

  /** Tells what was left out until now. */
  close(): void {
    this.#tellLeftOut(performance.now(), true);
  }

  #tellLeftOut(now: number, all = false): void {
    if (!all && this.#limits.deadlineAt > now) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const leftOut of this.#limits.takeOver(now, all)) this.#form.leftOut(leftOut);
  }
}

async function formOf(format: LogFormat): Promise<Form> {
  if (format === 'text') return TEXT;
  return format === 'events' ? EVENTS : (await import('./pino-form.ts')).pinoForm();
}

/** Words for what was left out, in every form. */
export function leftOutWords({ kind, count, forMs }: LeftOut): string {
  return `${count} more of "${kind}" in ${Math.max(1, Math.round(forMs / 1_000))} s are left out of this log`;
}

const TEXT: Form = {
  report: (report) => {
    const told = tell(report);
    for (const line of told.length > 0 ? told : detail(report)) {
      writeText(colour(report, withProgramName(visible(line))));
    }
  },
  leftOut: (leftOut) => writeText(paint('yellow', leftOutWords(leftOut))),
  failure: (error) => reportError(error, false),
};

const EVENTS: Form = {
  report: (report) => writeEvent(tellJson(report)),
  leftOut: ({ kind, count, forMs }) => {
    const time = new Date().toISOString();
    writeEvent({ schemaVersion: 1, time, type: 'left-out', kind, count, forMs: Math.round(forMs) });
  },
  failure: (error) => reportError(error, true),
};

function writeText(line: string): void {
  const time = paint('dim', new Date().toTimeString().slice(0, 8));
  write(`${time} ${line}\n`, (count, reason) => {
    return `${time} ${paint('yellow', `${count} lines of this log are lost: ${reason}`)}\n`;
  });
}

function writeEvent(event: Record<string, unknown>): void {
  write(`${JSON.stringify(event)}\n`, (count, reason) => {
    return `${JSON.stringify({ schemaVersion: 1, type: 'log-lost', lines: count, reason })}\n`;
  });
}

function colour(report: Report, line: string): string {
  if (report.type === 'qualified') return paint('green', line);
  if (report.type === 'warning' || report.type === 'off-line') return paint('yellow', line);
  return line;
}
