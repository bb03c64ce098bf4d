import { TeredoError } from '../../errors.ts';

/** One thing that is wrong with what somebody configured. */
export interface Problem {
  /** Where it was said: "/etc/teredo/teredo.toml, line 7", or empty for flags and the environment. */
  readonly where: string;
  /** What it was said of: "client.port", "--port" or "TEREDO_CLIENT_PORT". */
  readonly name: string;
  /** As it was written; empty when it has none, or none that may be repeated. */
  readonly value: string;
  readonly reason: string;
  readonly fix: string;
}

/** All that is wrong with a configuration, told at once. */
export class ConfigurationError extends TeredoError {
  readonly problems: readonly Problem[];

  /** `code` is `TD-USAGE` where only flags are to blame. Either ends a process with status 2. */
  constructor(code: 'TD-USAGE' | 'TD-CONFIG', problems: readonly Problem[]) {
    const [first] = problems;
    if (problems.length === 1 && first !== undefined) super(code, sentence(first), first.fix);
    else super(code, paragraph(problems), 'mend them all, then try again');
    this.problems = problems;
  }
}

function sentence({ where, name, value, reason }: Problem): string {
  return [where, value === '' ? name : `${name} ${value}`, reason].filter((part) => part !== '').join(': ');
}

/** Each problem with its fix in a line of its own; a file that has them all is named once. */
function paragraph(problems: readonly Problem[]): string {
  const [file = ''] = problems[0]!.where.split(', line ');
  const isInOneFile = file !== '' && problems.every(({ where }) => where.startsWith(`${file}, line `));
  const lines = problems.map((problem) => {
    const where = isInOneFile ? problem.where.slice(file.length + 2) : problem.where;
    return `  ${sentence({ ...problem, where })}\n    ${problem.fix}`;
  });
  return [isInOneFile ? `${file}: ${problems.length} problems` : `${problems.length} problems`, ...lines].join('\n');
}
