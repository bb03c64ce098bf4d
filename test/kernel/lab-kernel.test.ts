/** `teredo lab run SCENARIO --kernel`, as a user starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run, runToEnd } from '../../src/lab/kernel/commands.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import { scenarios } from '../../src/lab/scenarios.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';

interface Story {
  readonly isAsExpected: boolean;
  readonly chapters: readonly { readonly findings: readonly { readonly type: string }[] }[];
  readonly nats: readonly { readonly passed: Readonly<Record<string, number>> }[];
}

/** An ordinary user of Debian, without a right to anything. */
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const OPTIONS = ['--kernel', '--json'];
/** The longest scenario waits half a minute for a peer to be forgotten. */
const RUN_MS = 150_000;

describeWith([...laboratory, 'namespaces without root'], 'teredo lab run --kernel', () => {
  test('lossy-link: everything as the scenario expects it', async () => {
    const { story } = await lab([], 'lossy-link');
    expect(story.isAsExpected).toBe(true);
    expect(story.chapters).toHaveLength(scenarios.find(({ name }) => name === 'lossy-link')!.chapters.length);
    expect(story.nats.map(({ passed }) => passed.outward! > 0 && passed.inward! > 0)).toEqual([true]);
    await nothingLeft();
  });

  test('without root: the same, in a user namespace', async () => {
    const { story } = await lab(NOBODY, 'relay-withdrawal');
    expect(story.isAsExpected).toBe(true);
    expect(story.chapters.flatMap(({ findings }) => findings.map(({ type }) => type))).toEqual([
      'qualification',
      ...Array.from({ length: 3 }, () => 'ping'),
    ]);
    await nothingLeft();
  });

  test.each(['relay-failure', 'cone-to-symmetric'])('%s: a cut link, RFC 6081: as in the simulator', async (name) => {
    const { story } = await lab([], name);
    expect(story.chapters.flatMap(({ findings }) => findings)).not.toContainEqual(
      expect.objectContaining({ isAsExpected: false }),
    );
    await nothingLeft();
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(`${signal} in the middle leaves nothing behind`, async () => {
      const child = spawn(process.execPath, [PROGRAM, 'lab', 'run', 'nat-pairs', ...OPTIONS], { stdio: 'ignore' });
      const exit = once(child, 'exit');
      await until('daemons in the sandbox', () => inSandboxes().some((line) => line.includes(' client ')));
      child.kill(signal);
      const [status] = (await exit) as [number | null];
      expect(status).toBe(signal === 'SIGKILL' ? null : 3);
      await nothingLeft();
    });
  }

  test('says what is missing', async () => {
    const withoutPath = [process.execPath, PROGRAM, 'lab', 'run', 'loops', '--kernel'];
    const { status, stderr } = await runToEnd(['env', 'PATH=/nonexistent', ...withoutPath]);
    expect(status).toBe(3);
    expect(stderr).toContain('--kernel needs the program "unshare"');
    expect(stderr).toContain('next: install the package util-linux');
  });
});

async function lab(before: readonly string[], name: string): Promise<{ story: Story }> {
  const text = await run([...before, process.execPath, PROGRAM, 'lab', 'run', name, ...OPTIONS], '', RUN_MS);
  return { story: JSON.parse(text) as Story };
}

/** Command lines of all our processes that live in a process namespace other than this one. */
function inSandboxes(): string[] {
  const home = readlinkSync('/proc/self/ns/pid');
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      if (readlinkSync(`/proc/${pid}/ns/pid`) === home) return [];
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(PROGRAM) ? [line] : [];
    } catch {
      return []; // It has ended.
    }
  });
}

/**
 * Interfaces, names of namespaces and files of a sandbox lie inside it and end with its last process, so that only
 * processes could stay.
 */
async function nothingLeft(): Promise<void> {
  await until('the end of all processes in sandboxes', () => inSandboxes().length === 0);
}
