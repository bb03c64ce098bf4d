/**
 * Real networks for tests: network namespaces of the kernel, joined by veth pairs.
 *
 * Nothing leads out of them, so no datagram of a test leaves the machine. A network ends whole: its processes are
 * stopped by pid, its namespaces are deleted, and its directory is removed, also when the test runner is interrupted.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, run, runToEnd } from './commands.ts';
import { Process } from './process.ts';

export class Network {
  /** A directory for configurations and captures; it goes with the network. */
  readonly directory: string;
  readonly namespaces: Namespace[] = [];
  readonly processes: Process[] = [];

  readonly #prefix: string;
  readonly #wholeChecksums: boolean;
  readonly #onExit = () => this.#closeNow();

  /**
   * With `wholeChecksums` every frame carries its finished checksum and is no larger than the MTU, as on a wire of
   * copper; otherwise veth leaves both to a last step that never comes, and a capture shows wrong checksums.
   */
  constructor({ wholeChecksums = false } = {}) {
    this.#wholeChecksums = wholeChecksums;
    this.#prefix = `teredo-${randomBytes(4).toString('hex')}`;
    this.directory = mkdtempSync(join(tmpdir(), `${this.#prefix}-`));
    // Daemons that have given up root's rights find what is theirs below it.
    chmodSync(this.directory, 0o711);
    process.once('exit', this.#onExit);
  }

  /** Makes a namespace with a loopback interface and an IPv6 that neither waits nor speaks by itself. */
  async add(name: string): Promise<Namespace> {
    const namespace = new Namespace(this, name, `${this.#prefix}-${name}`);
    this.namespaces.push(namespace);
    await run(['ip', 'netns', 'add', namespace.fullName]);
    await namespace.sysctl({
      'net.ipv4.conf.all.rp_filter': 0,
      'net.ipv4.conf.default.rp_filter': 0,
      'net.ipv6.conf.all.disable_ipv6': 0,
      'net.ipv6.conf.default.disable_ipv6': 0,
      'net.ipv6.conf.default.accept_dad': 0,
      'net.ipv6.conf.default.accept_ra': 0,
      'net.ipv6.conf.default.router_solicitations': 0,
    });
    await namespace.ip('link set lo up');
    return namespace;
  }

  /** Lays a cable: interface `aName` of `a` to interface `bName` of `b`, both up, without any address. */
  async cable(a: Namespace, aName: string, b: Namespace, bName: string): Promise<void> {
    await a.ip(
      `link add name ${aName} type veth peer name ${bName} netns ${b.fullName}`,
      `link set ${aName} addrgenmode none up`,
    );
    await b.ip(`link set ${bName} addrgenmode none up`);
    if (this.#wholeChecksums) {
      await a.run(['ethtool', '-K', aName, 'tx', 'off']);
      await b.run(['ethtool', '-K', bName, 'tx', 'off']);
    }
  }

  /** Everything a person wants to see after a failure. */
  async report(): Promise<string> {
    const parts = this.processes.map((process) => process.report());
    for (const namespace of this.namespaces) parts.push(await namespace.report());
    return parts.join('\n');
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
    for (const namespace of this.namespaces) namespace.deleteNow();
    rmSync(this.directory, { recursive: true, force: true });
    process.removeListener('exit', this.#onExit);
  }

  #closeNow(): void {
    for (const process of this.processes) process.killNow();
    for (const namespace of this.namespaces) namespace.deleteNow();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** One machine of a network. */
export class Namespace {
  readonly network: Network;
  readonly name: string;
  /** The name that iproute2 knows; unique on this machine. */
  readonly fullName: string;

  constructor(network: Network, name: string, fullName: string) {
    this.network = network;
    this.name = name;
    this.fullName = fullName;
  }

  /** Runs lines of iproute2's batch language: `address add 192.0.2.1/32 dev wan`. */
  async ip(...lines: readonly string[]): Promise<void> {
    await run(['ip', '-n', this.fullName, '-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** What `ip -json` says, parsed. */
  async ask<T>(...argv: readonly string[]): Promise<T> {
    const text = await run(['ip', '-json', '-n', this.fullName, ...argv]);
    return JSON.parse(text === '' ? '[]' : text) as T;
  }

  async sysctl(settings: Readonly<Record<string, number>>): Promise<void> {
    const pairs = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    await this.run(['sysctl', '-q', '-w', ...pairs]);
  }

  async nft(ruleset: string): Promise<void> {
    await run(this.#inside(['nft', '-f', '-']), ruleset);
  }

  /** Runs a program here to its end; see `run` of commands.ts. */
  run(argv: readonly string[], timeoutMs?: number): Promise<string> {
    return run(this.#inside(argv), '', timeoutMs);
  }

  /** Likewise, for programs whose failure is an answer too. */
  runToEnd(argv: readonly string[], timeoutMs?: number): Promise<Ended> {
    return runToEnd(this.#inside(argv), '', timeoutMs);
  }

  /** Starts a program here that keeps running; the network stops it in the end. */
  start(argv: readonly string[], title = argv[0]!): Process {
    // `ip netns exec` becomes the program, so the pid of the one is the pid of the other.
    const process = new Process(`${title} in ${this.name}`, this.#inside(argv));
    this.network.processes.push(process);
    return process;
  }

  /** Interfaces, addresses, routes, rules, settings and pids as one text, to be compared with a later one. */
  async snapshot(): Promise<string> {
    const parts = await Promise.all([
      this.run(['ip', 'link']),
      this.run(['ip', 'address']),
      this.run(['ip', '-4', 'route', 'show', 'table', 'all']),
      this.run(['ip', '-6', 'route', 'show', 'table', 'all']),
      this.run(['ip', '-4', 'rule']),
      this.run(['ip', '-6', 'rule']),
      this.run([
        'sysctl',
        '-a',
        '-r',
        String.raw`^net\.ipv[46]\.(ip_forward|conf\..*\.(forwarding|accept_ra|disable_ipv6))$`,
      ]),
    ]);
    // Only now: the commands above ran in the namespace too.
    return [...parts, await run(['ip', 'netns', 'pids', this.fullName])].join('\n');
  }

  /** Deletes the namespace and, before it, what our processes started there and left alive. */
  deleteNow(): void {
    const pids = spawnSync('ip', ['netns', 'pids', this.fullName], { encoding: 'utf8' }).stdout ?? '';
    for (const pid of pids.split('\n').filter((line) => line !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
    spawnSync('ip', ['netns', 'delete', this.fullName]);
  }

  async report(): Promise<string> {
    const commands = [
      ['ip', '-brief', 'address'],
      ['ip', '-4', 'route'],
      ['ip', '-6', 'route'],
      ['nft', 'list', 'ruleset'],
    ];
    const parts = [`--- ${this.name}`];
    for (const argv of commands) {
      const { stdout, stderr } = await this.runToEnd(argv);
      if (stdout + stderr !== '') parts.push(`# ${argv.join(' ')}\n${stdout}${stderr}`.trimEnd());
    }
    return parts.join('\n');
  }

  #inside(argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.fullName, ...argv];
  }
}
