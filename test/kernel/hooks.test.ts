/** Hooks as the daemon runs them: real programs, real process groups. They need neither root nor a network. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RoleConfiguration } from '../../src/daemon/configuration/configuration.ts';
import { type HookOptions, Hooks } from '../../src/daemon/hooks/hooks.ts';
import type { Report } from '../../src/daemon/reports.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { parseIpv4, parseIpv6 } from '../../src/wire/text.ts';

const FIRST = '2001:0:c000:201:8:5f6d:3fff:fdd2';
const SECOND = '2001:0:c000:201:9:5f6d:3fff:fdd2';

const ROLE: RoleConfiguration = {
  role: 'client',
  interfaceName: 'tunnel',
  servers: [{ name: '192.0.2.1' }],
  port: 0,
  refreshIntervalMs: 30_000,
  localDiscovery: true,
  identifyNat: true,
  findRefreshInterval: false,
};

let directory: string;
let log: string;
let heard: Report[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'teredo-hooks-'));
  log = join(directory, 'log');
  heard = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('each change runs its hook, with what was and what is in its environment', async () => {
  const hooks = make({
    up: script(
      'up',
      `echo "up $TEREDO_ROLE $TEREDO_INTERFACE $TEREDO_ADDRESS old=$TEREDO_OLD_ADDRESS" >> ${log}
      echo "$TEREDO_SERVER $TEREDO_MTU $TEREDO_MAPPED_ADDRESS:$TEREDO_MAPPED_PORT" >> ${log}`,
    ),
    down: script('down', `echo "down $TEREDO_REASON old=$TEREDO_OLD_ADDRESS" >> ${log}`),
    addressChanged: script('changed', `echo "$TEREDO_EVENT $TEREDO_OLD_ADDRESS $TEREDO_ADDRESS" >> ${log}`),
  });
  await hooks.rest(qualified(FIRST));
  await hooks.rest(qualified(FIRST));
  await hooks.rest(qualified(SECOND));
  await hooks.rest(offLine);
  await hooks.rest(offLine);
  await hooks.rest(qualified(FIRST));
  await hooks.end();
  expect(lines()).toEqual([
    `up client tunnel ${FIRST} old=`,
    '192.0.2.1 1280 192.0.2.45:41106',
    `address_changed ${FIRST} ${SECOND}`,
    `down primary server unreachable old=${SECOND}`,
    `up client tunnel ${FIRST} old=`,
    '192.0.2.1 1280 192.0.2.45:41106',
    `down stopped old=${FIRST}`,
  ]);
  expect(heard).toEqual([]);
});

test('arguments reach the program as they are: no shell reads them', async () => {
  const odd = ['$(id)', '; true', '`id`', "it's", '*'];
  const [program] = script('up', `for word; do echo "[$word]" >> ${log}; done`);
  const hooks = make({ up: [program!, ...odd] });
  await hooks.rest(qualified(FIRST));
  expect(lines()).toEqual(odd.map((word) => `[${word}]`));
});

test('a hook inherits no descriptor, no secret of our environment, and no controlling terminal', async () => {
  process.env.TEREDO_TEST_SECRET = 'hush';
  const hooks = make({
    up: script('up', `ls /proc/self/fd | wc -l; env; echo "session $(cut -d' ' -f6 /proc/$$/stat) pid $$"`),
  });
  await hooks.rest(qualified(FIRST));
  delete process.env.TEREDO_TEST_SECRET;
  const texts = heard.map((report) => (report.type === 'hook' ? report.text : ''));
  // Standard input, output and error, and what "ls" opens to look.
  expect(texts[0]!.trim()).toBe('4');
  expect(texts.join('\n')).not.toContain('hush');
  expect(texts.at(-1)).toMatch(/^session (\d+) pid \1$/);
});

test('at the end of the process nobody waits for long, whatever the limit of the hook that runs', async () => {
  const hooks = make({ up: script('slow', `touch ${directory}/runs; exec sleep 60`), timeLimitMs: 60_000 });
  hooks.hear(qualified(FIRST));
  await until('the start of the hook', () => existsSync(join(directory, 'runs')));
  const begunAt = performance.now();
  await hooks.end();
  expect(performance.now() - begunAt).toBeLessThan(14_000);
  expect(heard).toContainEqual(expect.objectContaining({ message: expect.stringContaining('so it was killed') }));
});

test('a hook that hangs, and all that it started, is killed at the limit; what changed meanwhile is told in one step', async () => {
  const [program] = script(
    'hang',
    `echo "start $TEREDO_EVENT $TEREDO_OLD_ADDRESS $TEREDO_ADDRESS" >> ${log}
    [ "$TEREDO_ADDRESS" = ${FIRST} ] || exit 0
    trap '' TERM
    sh -c 'trap "" TERM; echo $$ > ${directory}/child; while :; do sleep 0.1; done' &
    while :; do sleep 0.1; done`,
  );
  const hooks = make({ up: [program!], addressChanged: [program!], timeLimitMs: 500 });
  const begin = performance.now();
  hooks.hear(qualified(FIRST));
  await until('the start of the hook', () => existsSync(join(directory, 'child')));
  // None of these waits for anything.
  for (let count = 0; count < 1_000; count++) hooks.hear(qualified(count % 2 === 0 ? FIRST : SECOND));
  expect(performance.now() - begin).toBeLessThan(2_000);
  await hooks.rest();
  expect(lines()).toEqual([`start up  ${FIRST}`, `start address_changed ${FIRST} ${SECOND}`]);
  expect(heard).toMatchObject([{ type: 'warning', code: 'TD-HOOK' }]);
  expect(JSON.stringify(heard)).toContain('no end within 0.5 s, so it was killed');
  const child = readFileSync(join(directory, 'child'), 'utf8').trim();
  await until('the end of what it started', () => !existsSync(`/proc/${child}`) || isZombie(child), 5_000);
});

test('a hook that fails, or is not there, or prints without end, is told and bounded', async () => {
  const hooks = make({
    up: script('up', 'yes xxxxxxxxxxxxxxxx | head -100000; exit 7'),
    down: [join(directory, 'none')],
  });
  await hooks.rest(qualified(FIRST));
  await hooks.rest(offLine);
  const told = heard.map((report) => ('message' in report ? report.message : 'text' in report ? report.text : ''));
  expect(heard.length).toBe(23);
  expect(told[20]).toBe('(99980 more lines)');
  expect(told[21]).toMatch(/^hook up \(.*\): exit status 7$/);
  expect(told[22]).toMatch(/^hook down \(.*none\): cannot be started \(ENOENT\)$/);
  heard.length = 0;
  for (let count = 0; count < 4; count++) await hooks.rest(qualified(FIRST), offLine);
  // 60 lines in a minute at most.
  expect(heard.filter((report) => report.type === 'hook' && report.text.startsWith('x')).length).toBe(40);
});

test('what a hook leaves running in the background neither blocks the next one nor is it ended', async () => {
  const hooks = make({
    up: script('up', `sleep 3 & echo $! > ${directory}/pid`),
    down: script('down', `echo down >> ${log}`),
  });
  await hooks.rest(qualified(FIRST));
  await hooks.rest(offLine);
  expect(lines()).toEqual(['down']);
  expect(existsSync(`/proc/${readFileSync(join(directory, 'pid'), 'utf8').trim()}`)).toBe(true);
});

test('the example for dynamic DNS: what it would send for each change', async () => {
  const example = fileURLToPath(new URL('../../examples/hooks/dynamic-dns', import.meta.url));
  const [nsupdate] = script('nsupdate', `cat >> ${log}`);
  // Hooks get nothing of our environment, so that the example gets its settings from a program around it.
  const around = script('around', `NSUPDATE=${nsupdate} DNS_NAME=pc.example.org exec ${example}`);
  const hooks = make({ up: around, down: around, addressChanged: around });
  await hooks.rest(qualified(FIRST), qualified(SECOND), offLine);
  const update = (line: string) => ['server ns.example.org', 'update delete pc.example.org AAAA', line, 'send'];
  expect(lines()).toEqual([
    ...update(`update add pc.example.org 60 AAAA ${FIRST}`),
    ...update(`update add pc.example.org 60 AAAA ${SECOND}`),
    ...update('').filter((line) => line !== ''),
  ]);
  expect(heard).toEqual([]);
});

test('no descriptor is left behind by hooks', async () => {
  const hooks = make({ up: script('up', 'echo x'), down: script('down', 'exit 1') });
  await hooks.rest(qualified(FIRST), offLine);
  const before = readdirSync('/proc/self/fd').length;
  for (let count = 0; count < 20; count++) await hooks.rest(qualified(FIRST), offLine);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

function make(options: HookOptions) {
  const hooks = new Hooks(options, (report) => heard.push(report));
  return {
    hear: (report: Report) => hooks.hear(report),
    end: () => hooks.end(),
    /** Tells of each and waits until hooks have come to rest. */
    rest: async (...reports: Report[]) => {
      for (const report of reports) {
        hooks.hear(report);
        await hooks.idle();
      }
      await hooks.idle();
    },
  };
}

function script(name: string, text: string): string[] {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return [path];
}

function lines(): string[] {
  return readFileSync(log, 'utf8').split('\n').slice(0, -1);
}

function isZombie(pid: string): boolean {
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function qualified(address: string): Report {
  const mapped = { ipv4: parseIpv4('192.0.2.45')!, port: 41_106 };
  const server = { ipv4: parseIpv4('192.0.2.1')!, port: 3_544 };
  const event = {
    type: 'qualified',
    address: parseIpv6(address)!,
    mtu: 1_280,
    mapped,
    nat: 'unknown',
    server,
  } as const;
  return { type: 'qualified', role: ROLE, event, local: undefined };
}

const offLine: Report = {
  type: 'off-line',
  role: ROLE,
  event: { type: 'off-line', reason: 'primary server unreachable', retryAt: 0 },
  retryInMs: 1_000,
};
