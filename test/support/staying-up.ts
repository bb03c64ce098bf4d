/** What the tests of reliability share: an island with one client behind a NAT, and how recoveries are measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Internet } from '../../src/lab/kernel/internet.ts';
import type { KernelNat } from '../../src/lab/kernel/kernel-nat.ts';
import { type Namespace, Network } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { startTeredo } from '../../src/lab/kernel/teredo.ts';
import { until } from '../../src/lab/kernel/until.ts';
import type { SteadyPing } from './steady-ping.ts';

export const SERVER = ['192.0.2.1', '192.0.2.2'] as const;

/** An internet with one server, and one relay with a native host behind it. */
export class SmallIsland {
  readonly network = new Network();
  internet!: Internet;
  server!: Namespace;
  relay!: Namespace;
  native!: Namespace;
  /** The native host's. */
  readonly nativeAddress = '2001:db8:1::80';
  serverProcess!: Process;
  relayProcess!: Process;

  async open(): Promise<void> {
    this.internet = await Internet.create(this.network);
    this.server = await this.internet.host('server', { ipv4: SERVER, ipv6: ['2001:db8:5::1'], forwards: true });
    this.relay = await this.internet.host('relay', {
      ipv4: ['203.0.113.9'],
      ipv6: ['2001:db8:1::1'],
      announces: ['2001:db8:1::/48'],
      forwards: true,
    });
    this.native = await this.internet.hostBehind('native', this.relay, this.nativeAddress);
    this.serverProcess = await this.start(this.server, ['server', '--address', SERVER[0]]);
    this.relayProcess = await this.start(this.relay, ['relay']);
  }

  /** A host behind a NAT of its own, and that NAT. */
  async hostBehindNat(name: string, ipv4: string, kind: KernelNat): Promise<readonly [Namespace, Namespace]> {
    const host = await this.internet.hostBehindNat(name, ipv4, kind);
    return [host, this.network.namespaces.find((one) => one.name === `${name}-nat`)!];
  }

  /** Starts a role that has a control socket of its own, and waits until it is ready. */
  async start(host: Namespace, argv: readonly string[]): Promise<Process> {
    const process = startTeredo(host, [...argv, '--json', '--control-socket', this.socket(host)]);
    await process.printed(/"type":"ready"/);
    return process;
  }

  async client(host: Namespace, ...options: readonly string[]): Promise<Process> {
    const process = await this.start(host, ['client', SERVER[0], ...options]);
    await process.printed(/"type":"qualified"/);
    return process;
  }

  /** Asks the process that runs on this host. */
  ask<T = object>(host: Namespace, path: string, method: 'GET' | 'POST' = 'GET'): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.socket(host), path, method, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve(JSON.parse(text) as T));
      });
      asked.on('error', reject).end();
    });
  }

  close(): Promise<void> {
    return this.network.close();
  }

  socket(host: Namespace): string {
    return join(this.network.directory, `control-${host.name}`, 'teredo.sock');
  }
}

/** Of `/v1/status`, what these tests look at. */
export interface RoleNumbers {
  readonly state: string;
  readonly port: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
  readonly limits: readonly { readonly name: string; readonly inUse: number; readonly max: number }[];
}

export async function numbers(island: SmallIsland, host: Namespace): Promise<RoleNumbers> {
  const { roles } = await island.ask<{ roles: readonly RoleNumbers[] }>(host, '/v1/status');
  return roles[0]!;
}

/** Waits for the next echo that is answered from now on; prints and gives how long that took, in ms. */
export async function recovery(what: string, steady: SteadyPing, mostMs = 30_000): Promise<number> {
  const from = performance.now();
  const { last } = steady;
  await until(`an answer after ${what}`, () => steady.last > last + 1, mostMs);
  const tookMs = Math.round(performance.now() - from);
  tell(`${what}: packets again after ${tookMs} ms`);
  return tookMs;
}

/** A line that is seen in a run where all is well. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** How many descriptors and threads a process has, and its memory in MiB. */
export function holdings(pid: number): {
  readonly descriptors: number;
  readonly threads: number;
  readonly mib: number;
} {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    mib: Math.round((pages * 4096) / 2 ** 20),
  };
}
