import { pino } from 'pino';
import { asTeredoError } from '../../errors.ts';
import { withProgramName } from '../program-name.ts';
import { log as write } from '../standard-output.ts';
import { tell } from '../story.ts';
import { body } from '../story-json.ts';
import { exitOf } from '../terminal.ts';
import { type Form, leftOutWords } from './log.ts';
import { detail } from './weight.ts';

/** Lines of pino: what `events` say of a report beside `level`, `time`, `pid`, `hostname`, and words in `msg`. */
export function pinoForm(): Form {
  let line = '';
  // Synchronous: a line is whole when its call ends. What is too light was left out before.
  const logger = pino({ level: 'trace' }, { write: (made: string) => (line = made) });
  const lost = (lines: number, reason: string): string => {
    const meant = line;
    logger.warn({ type: 'log-lost', lines, reason }, `${lines} lines of this log are lost: ${reason}`);
    const told = line;
    line = meant;
    return told;
  };
  return {
    report: (report, level) => {
      const [first] = [...tell(report), ...detail(report)];
      logger[level](body(report), first);
      write(line, lost);
    },
    leftOut: (leftOut) => {
      const { kind, count, forMs } = leftOut;
      logger.warn({ type: 'left-out', kind, count, forMs: Math.round(forMs) }, leftOutWords(leftOut));
      write(line, lost);
    },
    failure: (error) => {
      const { code, message, next } = asTeredoError(error);
      logger.fatal({ type: 'error', code, next: withProgramName(next) }, message);
      write(line, lost);
      return exitOf(code);
    },
  };
}
