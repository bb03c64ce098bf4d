import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TeredoError } from '../errors.ts';
import { writeWhole } from '../io/whole-file.ts';
import type { Remembered } from '../roles/role.ts';
import { FLAGS_RANDOM, flags } from '../wire/teredo.ts';
import { formatIpv4, parseIpv4 } from '../wire/text.ts';
import type { DaemonConfiguration, RoleConfiguration } from './configuration/configuration.ts';
import { networkMark } from './control/socket-path.ts';
import { type Report, type Reporter, warning } from './reports.ts';

/** A file of ours has some 120 octets; what is larger is not ours. */
const OCTETS_MAX = 4_096;

/**
 * What a client keeps over its own death: its UDP port, and the flags that go with its mapping. Where the NAT's mapping
 * lives on, the client that starts again has the same address (RFC 5991 §3.1: the random bits stay with the mapping).
 *
 * Shape:  one small file for each interface; whole or not at all, whenever the process dies.
 * Errors: none; a file that is not whole, or cannot be written, is told of and done without.
 */
export class ClientMemory {
  readonly #folder: string;
  readonly #report: Reporter;
  /** Of our network; who has given up rights may not see it any more. */
  readonly #mark = networkMark();
  readonly #remembered: (Remembered | undefined)[];
  readonly #ports = new Map<string, number>(); // Bounded by the roles of the process.
  readonly #written = new Map<string, string>(); // Likewise.
  #isTold = false;

  /** Reads what an earlier process left; with rights that this one may give up. */
  constructor(folder: string, configuration: DaemonConfiguration, report: Reporter) {
    this.#folder = folder;
    this.#report = report;
    this.#remembered = configuration.map((role) => (role.role === 'client' ? this.#read(role) : undefined));
  }

  /** By role; undefined: nothing is known. */
  get remembered(): readonly (Remembered | undefined)[] {
    return this.#remembered;
  }

  /** Hears what the daemon reports, and writes down what is new. */
  hear(report: Report): void {
    if (report.type === 'ready' && report.role.role === 'client') {
      this.#ports.set(report.role.interfaceName, report.localPort);
    }
    if (report.type !== 'qualified') return;
    const { address, mapped } = report.event;
    const port = this.#ports.get(report.role.interfaceName ?? '');
    if (port === undefined) return;
    const value = {
      schemaVersion: 1,
      port,
      mappedAddress: formatIpv4(mapped.ipv4),
      mappedPort: mapped.port,
      flags: flags(address, 0) & FLAGS_RANDOM,
    };
    this.#write(this.#path(report.role), `${JSON.stringify(value)}\n`);
  }

  #path({ interfaceName }: RoleConfiguration): string {
    return join(this.#folder, `client-${interfaceName}${this.#mark}.json`);
  }

  #read(role: RoleConfiguration): Remembered | undefined {
    const path = this.#path(role);
    let text: string;
    try {
      const status = lstatSync(path);
      // Whoever starts as root reads in a folder of somebody else's: a pipe there would keep us waiting for ever.
      if (!status.isFile()) throw new SyntaxError('not a file');
      if (status.size > OCTETS_MAX) throw new SyntaxError('too large');
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#tell(path, 'cannot be read', error);
      return undefined;
    }
    const found = parse(text);
    if (found === undefined) this.#tell(path, 'is not as we write it, and ignored');
    return found;
  }

  #write(path: string, text: string): void {
    if (this.#written.get(path) === text) return;
    try {
      writeWhole(path, text);
      this.#written.set(path, text);
    } catch (error) {
      if (!this.#isTold) this.#tell(path, 'cannot be written', error);
      this.#isTold = true;
    }
  }

  #tell(path: string, what: string, error?: unknown): void {
    const reason = error === undefined ? '' : ` (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
    const next = 'a client that starts again then has another port and address; see docs/running-as-a-service.md';
    this.#report(warning(new TeredoError('TD-STATE', `${path} ${what}${reason}`, next)));
  }
}

/** As foreign as anything that is read; undefined: not as we write it. */
function parse(text: string): Remembered | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const ipv4 = typeof value.mappedAddress === 'string' ? parseIpv4(value.mappedAddress) : undefined;
    const { schemaVersion, port, mappedPort, flags: bits } = value;
    if (schemaVersion !== 1 || ipv4 === undefined || !isPort(port) || !isPort(mappedPort)) return undefined;
    if (!Number.isInteger(bits) || ((bits as number) & ~FLAGS_RANDOM) !== 0) return undefined;
    return { port, mapped: { ipv4, port: mappedPort }, flags: bits as number };
  } catch {
    return undefined;
  }
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}
