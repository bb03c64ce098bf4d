import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Internet } from '../../src/lab/kernel/internet.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import { PROGRAM } from '../../src/lab/kernel/teredo.ts';
import { describeWith, laboratory } from '../support/capabilities.ts';
import { startServer } from '../support/ours.ts';

const NEAR = ['192.0.2.1', '192.0.2.2'] as const;
const LOSSY = ['192.0.2.11', '192.0.2.12'] as const;
const HALF = ['192.0.2.21', '192.0.2.22'] as const;
const KEYED = ['192.0.2.31', '192.0.2.32'] as const;
const NOBODY = '192.0.2.41';

describeWith(laboratory, 'teredo probe-servers', () => {
  const network = new Network();
  let host: Namespace;
  let secrets: string;

  beforeAll(async () => {
    const internet = await Internet.create(network);
    secrets = join(network.directory, 'secret');
    writeFileSync(secrets, 'sesame\n', { mode: 0o600 });
    const keys = join(network.directory, 'secrets');
    writeFileSync(keys, 'alice sesame\n', { mode: 0o600 });
    const [near, lossy, half, keyed] = await Promise.all(
      [NEAR, LOSSY, HALF, KEYED].map((ipv4, index) => {
        return internet.host(`server${index}`, { ipv4, ipv6: [`2001:db8:5::${index + 1}`], forwards: true });
      }),
    );
    await Promise.all([
      startServer(near!, NEAR, ['--no-control']),
      startServer(lossy!, LOSSY, ['--no-control']),
      startServer(half!, HALF, ['--no-control']),
      startServer(keyed!, KEYED, ['--secret-file', keys, '--no-control']),
    ]);
    const drop = (what: string) => `table inet filter {
      chain input {
        type filter hook input priority 0;
        ${what} drop
      }
    }`;
    await half!.nft(drop(`ip daddr ${HALF[1]}`));
    await lossy!.nft(drop(`ip daddr ${LOSSY[0]} udp dport 3544 numgen inc mod 2 0`));
    host = await internet.hostBehindNat('client', '198.51.100.7', 'masquerade');
  });
  afterAll(() => network.close());

  test('whole servers before halves before silent ones, sure before lossy; silence is unknown and never no', async () => {
    const { status, report } = await probe([NOBODY, HALF[0], LOSSY[0], NEAR[0]]);
    expect(status).toBe(0);
    expect(report.best).toBe(NEAR[0]);
    expect(report.servers.map(({ name }) => name)).toEqual([NEAR[0], LOSSY[0], HALF[0], NOBODY]);
    const [near, lossy, half, nobody] = report.servers;
    expect(near).toMatchObject({ loss: 0, secondary: { value: 'yes' }, cone: { value: 'yes' } });
    expect(near!.secure).toEqual({ value: 'unknown', why: 'no identifier and secret given' });
    expect(lossy).toMatchObject({ loss: 0.5, secondary: { value: 'yes' } });
    expect(half).toMatchObject({ loss: 0, secondary: { value: 'unknown' }, cone: { value: 'unknown' } });
    expect(nobody).toMatchObject({ medianMs: null, loss: 1, secondary: { value: 'unknown' } });
  });

  test('with a secret: who knows it, and who answers without', async () => {
    const { status, report } = await probe([KEYED[0], NEAR[0], '--identifier', 'alice', '--secret-file', secrets]);
    expect(status).toBe(0);
    expect(report.best).toBe(KEYED[0]);
    expect(report.servers.map(({ secure }) => secure.value)).toEqual(['yes', 'unknown']);
  });

  test('when none can be used the status says so', async () => {
    const { status, report } = await probe([HALF[0]]);
    expect({ status, best: report.best }).toEqual({ status: 1, best: null });
  });

  async function probe(argv: readonly string[]) {
    const ended = await host.runToEnd([process.execPath, PROGRAM, 'probe-servers', ...argv, '--json']);
    if (ended.stdout === '') throw new Error(`${ended.ending}\n${ended.stderr}`);
    return { status: ended.status, report: JSON.parse(ended.stdout) as Report };
  }
});

interface Report {
  readonly best: string | null;
  readonly servers: readonly {
    readonly name: string;
    readonly medianMs: number | null;
    readonly loss: number | null;
    readonly secondary: Answer;
    readonly cone: Answer;
    readonly secure: Answer;
  }[];
}

interface Answer {
  readonly value: string;
  readonly why?: string;
}
