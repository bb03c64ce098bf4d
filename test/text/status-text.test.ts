import { expect, test } from 'vitest';
import { statusText } from '../../src/cli/status-text.ts';
import type { Status } from '../../src/daemon/status/status.ts';
import { clientStatus, statusOf } from './status-support.ts';

const plain = (text: string) => text;

test('status: the verdict comes first, and no line is longer than the terminal', () => {
  const lines = told(statusOf(clientStatus()));
  expect(lines.slice(0, 2).join(' ')).toContain('Client qualified: this host has the IPv6 address 2001:0:cb00:7101');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('status: every limit with its size, what is in use, and how often it bit', () => {
  const lines = told(statusOf(clientStatus()));
  expect(lines).toContain('  peers                                     1,048,576           3           0');
  expect(lines).toContain('  answers-per-address                10/s, 20 at once           1      12,000');
  expect(lines).toContain('  waiting-packets                              4.2 MB           0           0');
});

test('status: what is not known is not called "no"', () => {
  const text = told(statusOf(clientStatus({ nat: null, mapping: null, state: 'probe (primary server)' }))).join('\n');
  expect(text).not.toMatch(/\bno\b/i);
});

test('status: names of others cannot paint or move the cursor', () => {
  const server = { name: 'evil\u001b[2J.example', address: '203.0.113.1', secondary: null };
  expect(told(statusOf(clientStatus({ server, servers: [server] }))).join('')).not.toContain('\u001b');
});

function told(status: Status): string[] {
  return statusText(status, { width: 80, good: plain, bad: plain, faint: plain });
}
