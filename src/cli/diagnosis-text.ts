import type { Finding } from '../daemon/diagnosis/finding.ts';
import type { SentEntry } from '../daemon/diagnosis/ledger.ts';
import type { Rule } from '../daemon/diagnosis/rules.ts';
import type { Verdict } from '../daemon/diagnosis/verdict.ts';
import { withProgramName } from './program-name.ts';
import { columns, paint } from './terminal.ts';
import { visible } from './words.ts';

/** Where the guide is, for those who read on. */
const GUIDE = 'docs/why-does-it-not-qualify.md';
/** Lines of prose are not drawn out over a wide terminal. */
const WIDTH_MAX = 100;

const LABELS: Readonly<Record<Finding['id'], string>> = {
  'running-client': 'running client',
  'server-name': 'server name',
  'server-primary': 'first address',
  'server-secondary': 'second address',
  'nat-mapping': 'NAT mapping',
  'nat-filtering': 'NAT filtering',
  'port-allocation': 'ports of the NAT',
  hairpinning: 'hairpinning',
  'open-port': 'open to strangers',
  'mapping-lifetime': 'mapping kept',
  pcp: 'PCP',
  'nat-pmp': 'NAT-PMP',
  upnp: 'UPnP',
  'double-nat': 'double NAT',
  'local-firewall': 'local firewall',
  vpn: 'VPN in the way',
  'native-ipv6': 'native IPv6',
  'managed-network': 'managed network',
  mtu: 'MTU 1280 fits',
};
const LABEL_WIDTH = Math.max(...Object.values(LABELS).map((label) => label.length));
const HEAD_WIDTH = 5;
const TONES = { yes: 'green', partly: 'yellow', no: 'red' } as const;

/** What a diagnosis shows; without `sent` it does not say what went to whom. */
interface Shown {
  readonly verdict: Verdict;
  readonly checks: readonly Finding[];
  readonly sent?: readonly SentEntry[];
  readonly ms: number;
}

/** The verdict first, then why and what to do, then every check. */
export function diagnosisText(shown: Shown): string {
  const { verdict, checks, sent, ms } = cleaned(shown);
  const lines = wrap(verdict.text, width()).map((line) => paint(['bold', TONES[verdict.works]], line));
  lines.push('');
  const advice = [
    ...paragraph('cause', verdict.cause),
    ...paragraph('next', withProgramName(verdict.next)),
    ...verdict.rules.flatMap(ruleLines),
    ...paragraph('code', `${verdict.code}; see ${GUIDE}`),
  ];
  lines.push(...advice, '');
  for (const check of checks) lines.push(...checkLines(check));
  if (sent !== undefined) lines.push('', ...sentLines(sent));
  lines.push('', paint('dim', `  ${(ms / 1_000).toFixed(1)} s`));
  return `${lines.join('\n')}\n`;
}

function ruleLines({ at, text, commands }: Rule): string[] {
  return [
    ...paragraph('rule', `at ${at}: ${text}`),
    ...commands.flatMap((command) => indent(wrapCommand(command, width() - HEAD_WIDTH - 6))),
  ];
}

/** "  cause  text", wrapped. */
function paragraph(head: string, text: string): string[] {
  if (text === '') return [];
  const [first, ...rest] = wrap(text, width() - HEAD_WIDTH - 4);
  return [
    `  ${paint('dim', head.padEnd(HEAD_WIDTH))}  ${first}`,
    ...rest.map((line) => `${' '.repeat(HEAD_WIDTH + 4)}${line}`),
  ];
}

/** A value that says nothing by itself stands with its reason, and the reason never without it. */
function checkLines({ id, value, detail }: Finding): string[] {
  const text = value === 'unknown' ? `unknown (${detail})` : detail === '' ? value : `${value}: ${detail}`;
  const [first = '', ...rest] = wrap(text, width() - LABEL_WIDTH - 4);
  const label = LABELS[id].padEnd(LABEL_WIDTH);
  const shown = value === 'unknown' ? paint('dim', first) : first.replace(value, paint('bold', value));
  const tail = rest.map((line) => `${' '.repeat(LABEL_WIDTH + 4)}${value === 'unknown' ? paint('dim', line) : line}`);
  return [`  ${label}  ${shown}`, ...tail];
}

function sentLines(sent: readonly SentEntry[]): string[] {
  const lines = sent.flatMap(({ to, what, count }) =>
    wrap(`${to}: ${what}${count > 1 ? `, ${count} times` : ''}`, width() - 4),
  );
  return ['  sent to', ...indent(lines, 4)];
}

function width(): number {
  return Math.min(columns(80), WIDTH_MAX);
}

function indent(lines: readonly string[], by = HEAD_WIDTH + 4): string[] {
  return lines.map((line) => `${' '.repeat(by)}${line}`);
}

/** Words in lines of at most `room` characters. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** A command over several lines is still one that can be pasted. */
function wrapCommand(command: string, room: number): string[] {
  const lines = wrap(command, room - 4);
  return lines.map((line, index) => `${index === 0 ? '' : '  '}${line}${index < lines.length - 1 ? ' \\' : ''}`);
}

/** What others told us (names, rules, answers of a router) moves no cursor and paints nothing. */
function cleaned<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => {
    return typeof part === 'string' ? visible(part) : part;
  }) as T;
}
