import { execFile } from 'node:child_process';

/** A rule, or the policy of a chain, that can end a datagram of ours. */
export interface FirewallRule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly hook: 'input' | 'output';
  /** As nft writes it: "udp dport 3544 drop", "policy drop". */
  readonly text: string;
}

const TIMEOUT_MS = 3_000;

/**
 * Rules of this host that drop or reject UDP or everything, on its way out or in.
 *
 * Shape:  a text says why that cannot be known. What a rule matches beside the protocol and the ports is not judged,
 *         so that a rule found here is a suspect and no culprit.
 */
export function suspectRules(port: number): Promise<readonly FirewallRule[] | string> {
  return new Promise((resolve) => {
    execFile('nft', ['-n', 'list', 'ruleset'], { timeout: TIMEOUT_MS, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const { code } = (error ?? {}) as { code?: unknown };
      if (code === 'ENOENT') return resolve('the program nft is not there to list the rules');
      const mayNot = /not permitted|denied/i.test(stderr);
      if (mayNot) return resolve('only root may list the rules');
      if (error !== null) return resolve(`nft says: ${stderr.trim().split('\n')[0] || error.message}`);
      // Without the right to see them nft shows none, and ends well.
      if (stdout.trim() === '' && process.getuid?.() !== 0) return resolve('only root may list the rules');
      return resolve(parseRuleset(stdout, port));
    });
  });
}

/** Finds the suspects in the text of `nft -n list ruleset`. */
export function parseRuleset(text: string, port: number): FirewallRule[] {
  const found: FirewallRule[] = [];
  let [family, table, chain] = ['', '', ''];
  let hook: FirewallRule['hook'] | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const named = /^(table|chain) (?:(\S+) )?(\S+) \{$/.exec(line);
    if (named?.[1] === 'table') [family, table] = [named[2] ?? 'ip', named[3]!];
    if (named?.[1] === 'chain') [chain, hook] = [named[3]!, undefined];
    const base = /^type filter hook (input|output) /.exec(line);
    if (base !== null) hook = base[1] as FirewallRule['hook'];
    if (hook === undefined) continue;
    if (base !== null && /policy drop;/.test(line)) found.push({ family, table, chain, hook, text: 'policy drop' });
    if (base === null && endsUdp(line, port)) found.push({ family, table, chain, hook, text: line });
  }
  return found;
}

/** Whether a rule drops or rejects, and may mean a datagram from or to this port. */
function endsUdp(text: string, port: number): boolean {
  // "reject with icmp port-unreachable" matches no ICMP.
  const rule = text.replace(/ with .*/, '');
  if (!/\b(drop|reject)\b/.test(rule)) return false;
  const protocol = /\b(?:l4proto|protocol) (?:\{ ([^}]*) \}|(\S+))/.exec(rule);
  const names = (protocol?.[1] ?? protocol?.[2] ?? '17').split(', ');
  if (!names.some((name) => name === '17' || name === 'udp')) return false;
  if (/\b(tcp|icmp|icmpv6|sctp) /.test(rule) || /\bip6 /.test(rule)) return false;
  const ports = /\b(?:dport|sport) (!= )?(?:\{ ([^}]*) \}|(\S+))/.exec(rule);
  if (ports === null) return true;
  const isNamed = (ports[2] ?? ports[3]!).split(', ').some((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return from! <= port && port <= to!;
  });
  return isNamed === (ports[1] === undefined);
}
