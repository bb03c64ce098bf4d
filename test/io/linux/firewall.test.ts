import { expect, test } from 'vitest';
import { parseRuleset } from '../../../src/io/linux/firewall.ts';

/** As `nft -n list ruleset` prints them. */
function ruleset(hook: string, policy: string, ...rules: string[]): string {
  const lines = rules.map((rule) => `\t\t${rule}`).join('\n');
  return `table inet filter {\n\tchain here {\n\t\ttype filter hook ${hook} priority 0; policy ${policy};\n${lines}\n\t}\n}\n`;
}

const found = (text: string) => parseRuleset(text, 3544).map((rule) => `${rule.hook} ${rule.text}`);

test('a policy that drops is a suspect, in and out; a chain for forwarded packets is not ours', () => {
  expect(parseRuleset(ruleset('output', 'drop'), 3544)).toEqual([
    { family: 'inet', table: 'filter', chain: 'here', hook: 'output', text: 'policy drop' },
  ]);
  expect(found(ruleset('input', 'drop'))).toEqual(['input policy drop']);
  expect(found(ruleset('forward', 'drop', 'udp dport 3544 drop'))).toEqual([]);
  expect(found(ruleset('input', 'accept'))).toEqual([]);
});

test.each([
  ['udp dport 3544 drop', true],
  ['udp dport { 53, 3000-4000 } counter packets 0 bytes 0 drop', true],
  ['udp dport 53 drop', false],
  ['udp dport != 53 drop', true],
  ['udp dport != 3544 drop', false],
  ['udp sport 3544 reject with icmp port-unreachable', true],
  ['meta l4proto 17 drop', true],
  ['meta l4proto { 6, 17 } drop', true],
  ['meta l4proto 6 drop', false],
  ['ip protocol 1 drop', false],
  ['tcp dport 3544 drop', false],
  ['ip6 saddr ::1 drop', false],
  ['ct state 0x1 drop', true],
  ['udp dport 3544 accept', false],
  ['drop', true],
])('the rule "%s" may end a datagram of ours: %s', (rule, isSuspect) => {
  expect(found(ruleset('output', 'accept', rule))).toEqual(isSuspect ? [`output ${rule}`] : []);
});
