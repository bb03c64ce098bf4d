import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { scenarios } from '../../src/lab/scenarios.ts';
import { describeWith } from '../support/capabilities.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'teredo-lab-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('teredo lab run walkthrough', () => {
  test('tells the whole story and leaves a capture in the folder it was started in', () => {
    const { status, stdout, stderr } = lab('run', 'walkthrough');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).toMatch(/━━ 1\. A name that has only an IPv6 address ━+\n/);
    expect(stdout).toMatch(/the client concludes +cone +address- +port-restricted +symmetric/);
    expect(stdout).not.toMatch(/^ ✗ /m);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(existsSync(join(folder, 'walkthrough.pcapng'))).toBe(true);
  });

  test('--json: the story as data, on one line', () => {
    const { status, stdout } = lab('run', 'walkthrough', '--json', '--no-pcapng');
    expect(stdout.trim()).not.toContain('\n');
    const data = JSON.parse(stdout) as { chapters: { rows: { sentence: string }[] }[] };
    expect(data).toMatchObject({ schemaVersion: 1, type: 'lab', scenario: 'walkthrough', seed: 1, isAsExpected: true });
    expect(data.chapters).toHaveLength(9);
    expect(data.chapters.flatMap(({ rows }) => rows).every(({ sentence }) => sentence.endsWith('.'))).toBe(true);
    expect(status).toBe(0);
  });

  test('same seed, same file; another seed, another file', () => {
    const files = [
      ['7', 'a'],
      ['7', 'b'],
      ['8', 'c'],
    ].map(([seed, file]) => {
      expect(lab('run', 'walkthrough', '--seed', seed!, '--pcapng', `${file}.pcapng`, '--json').status).toBe(0);
      return readFileSync(join(folder, `${file}.pcapng`));
    });
    expect(files[0]!.equals(files[1]!)).toBe(true);
    expect(files[0]!.equals(files[2]!)).toBe(false);
  });

  test('--no-pcapng writes nothing', () => {
    const before = readdirSync(folder);
    expect(lab('run', 'nat-types', '--no-pcapng').status).toBe(0);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describeWith(['tshark'], 'What the laboratory writes', () => {
  test.each(scenarios.map(({ name }) => name))(
    '%s: tshark finds no malformed frame, no bad checksum and nothing to warn of',
    (name) => {
      expect(lab('run', name, '--pcapng', 'checked.pcapng', '--json').status).toBe(0);
      const bad = [
        '_ws.malformed',
        'ip.checksum.status == "Bad"',
        'udp.checksum.status == "Bad"',
        'icmpv6.checksum.status == "Bad"',
        '_ws.expert.severity >= "Warning"',
      ].join(' || ');
      const options = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
      const tshark = (filter: string) =>
        spawnSync('tshark', ['-r', join(folder, 'checked.pcapng'), ...options, '-Y', filter], { encoding: 'utf8' });
      expect(tshark(bad).stdout).toBe('');
      expect(tshark('teredo').stdout.split('\n').length).toBeGreaterThan(10);
    },
  );
});

test('lab list names every scenario', () => {
  const { status, stdout } = lab('list');
  expect(status).toBe(0);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(scenarios.map(({ name }) => name));
  const data = JSON.parse(lab('list', '--json').stdout) as { scenarios: { name: string }[] };
  expect(data.scenarios.map(({ name }) => name)).toEqual(scenarios.map(({ name }) => name));
});

test('what cannot be meant ends with status 2 and says what would be right', () => {
  const unknown = lab('run', 'nonsense');
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain('no such scenario');
  expect(unknown.stderr).toContain('walkthrough');
  expect(lab('run', 'walkthrough', '--seed', '-1').status).toBe(2);
});

test('without a name the walkthrough is meant, also in npm start', () => {
  const { status, stdout } = lab('run', '--no-pcapng', '--json', '--seed', '3');
  expect(JSON.parse(stdout)).toMatchObject({ scenario: 'walkthrough', seed: 3 });
  expect(status).toBe(0);
  const start = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
  const env = { ...process.env, TEREDO_PREPARED: '1' };
  const npmStart = (...argv: string[]) =>
    spawnSync(process.execPath, [start, ...argv], { encoding: 'utf8', cwd: folder, env });
  expect(JSON.parse(npmStart('--json', '--no-pcapng').stdout)).toMatchObject({ scenario: 'walkthrough' });
  expect(JSON.parse(npmStart('nat-types', '--json', '--no-pcapng').stdout)).toMatchObject({ scenario: 'nat-types' });
  expect(npmStart('--list').stdout).toContain('walkthrough');
  expect(npmStart('--nonsense').stderr).toContain('bin/teredo lab run --help"');
});

test('a capture is whole or not there', () => {
  writeFileSync(join(folder, 'kept.pcapng'), 'the old one');
  const shell = 'ulimit -f 8; trap "" XFSZ; exec "$0" "$1" lab run --json --pcapng kept.pcapng';
  const { status, stderr } = spawnSync('sh', ['-c', shell, process.execPath, PROGRAM], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stderr + String(status)).not.toBe('0');
  expect(readFileSync(join(folder, 'kept.pcapng'), 'utf8')).toBe('the old one');
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('a capture that cannot be written ends with status 3, after the story', () => {
  const { status, stdout, stderr } = lab('run', 'nat-types', '--pcapng', 'no/such/folder/x.pcapng');
  expect(status).toBe(3);
  expect(stdout).toContain('the client concludes');
  expect(stderr).toContain('TD-LAB-CAPTURE');
});

test('lab run plays two NATs by their names, and a file that the page saved', () => {
  const pair = lab('run', 'cone-to-upnp-symmetric', '--no-pcapng', '--json');
  expect(JSON.parse(pair.stdout)).toMatchObject({ scenario: 'cone-to-upnp-symmetric', isAsExpected: true });
  const scenario = scenarios.find(({ name }) => name === 'two-relays')!;
  writeFileSync(join(folder, 'mine.json'), JSON.stringify({ seed: 9, scenario: { ...scenario, name: 'mine' } }));
  const mine = lab('run', 'mine.json', '--no-pcapng', '--json');
  expect(JSON.parse(mine.stdout)).toMatchObject({ scenario: 'mine', seed: 9, isAsExpected: true });
  expect(mine.status).toBe(0);
});

test('a scenario file that cannot be meant ends with status 2 and says what is wrong', () => {
  const scenario = scenarios.find(({ name }) => name === 'two-relays')!;
  const chapters = [{ title: '', about: '', steps: [{ do: 'withdraw', relay: 'nobody' }] }];
  const files = { 'no.json': '{', 'who.json': JSON.stringify({ scenario: { ...scenario, chapters } }) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  expect(lab('run', 'no.json')).toMatchObject({ status: 2, stderr: expect.stringContaining('not JSON') });
  expect(lab('run', 'who.json')).toMatchObject({ status: 2, stderr: expect.stringContaining('nobody') });
  expect(lab('run', 'away.json')).toMatchObject({ status: 2, stderr: expect.stringContaining('away.json') });
  expect(lab('web', 'nonsense')).toMatchObject({ status: 2, stderr: expect.stringContaining('no such scenario') });
});

function lab(...argv: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NO_COLOR: '1' };
  const options = { cwd: folder, encoding: 'utf8', env, maxBuffer: 1 << 26, timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'lab', ...argv], options);
  return { status, stdout, stderr };
}
