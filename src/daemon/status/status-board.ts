import type { TeredoError } from '../../errors.ts';
import type { LimitUse } from '../../roles/limits.ts';
import type { DaemonConfiguration, RoleConfiguration } from '../configuration/configuration.ts';
import type { RoleCounters } from '../counters.ts';
import type { Report } from '../reports.ts';
import { RoleBoard } from './role-board.ts';
import type { CounterStatus, ErrorStatus, RoleStatus, Status, TeredoType, WarningStatus } from './status.ts';
import { isWell, verdict } from './verdict.ts';

/** Warnings that are kept. */
const WARNINGS_MAX = 20;

/** What is known of a process before its roles are made: a name service may be away for long. */
export interface Intention {
  readonly role: RoleStatus['role'];
  readonly type: TeredoType;
  readonly interfaceName?: string;
  /** As it was given, a name or an address; clients only. */
  readonly serverName?: string;
}

export interface AboutProcess {
  readonly version: string;
  /** What the host keeps a role that runs from doing, at this moment; undefined: nothing. */
  readonly troubleOf?: (role: RoleConfiguration) => TeredoError | undefined;
}

/** The one place that knows how this process stands: it hears every report, and forgets what is over. */
export class StatusBoard {
  /** Where this process serves its dashboard; null: nowhere. */
  web: string | null = null;
  readonly #about: AboutProcess;
  readonly #startedAt = new Date();
  readonly #startedMs = performance.now();
  readonly #warnings: WarningStatus[] = []; // Bounded by WARNINGS_MAX.
  #intention: Intention;
  #intendedSince = new Date();
  #roles: readonly RoleBoard[] = [];
  /** What keeps the roles from being made. */
  #obstacle: ErrorStatus | null = null;

  constructor(about: AboutProcess, intention: Intention) {
    this.#about = about;
    this.#intention = intention;
  }

  /** What the process shall be from now on; until roles run again it is offline. */
  intend(intention: Intention): void {
    this.#intention = intention;
    this.#intendedSince = new Date();
    this.#roles = [];
    this.#obstacle = null;
  }

  /** Roles begin. */
  begin(configuration: DaemonConfiguration, counters: readonly RoleCounters[]): void {
    const { type } = this.#intention;
    this.#obstacle = null;
    this.#roles = configuration.map((role, index) => {
      const own = role.role === 'client' ? type : role.role === 'server' ? 'server' : 'relay';
      return new RoleBoard(role, counters[index]!, own);
    });
  }

  hear(report: Report): void {
    if ('role' in report) {
      this.#roles.find(({ configuration }) => configuration === report.role)?.hear(report);
    } else if (report.type === 'warning') {
      const { code, message, next } = report;
      this.#warnings.push({ time: new Date().toISOString(), code, message, next });
      if (this.#warnings.length > WARNINGS_MAX) this.#warnings.shift();
      if (this.#roles.length === 0) this.#obstacle = { code, message, next };
      for (const role of this.#roles) role.obstruct({ code, message, next });
    } else if (report.type === 'stopped') {
      for (const role of this.#roles) role.end(null);
    }
  }

  /** The same roles with other settings. */
  reconfigure(configuration: DaemonConfiguration): void {
    for (const [index, role] of this.#roles.entries()) role.reconfigure(configuration[index]);
  }

  drain(): void {
    for (const role of this.#roles) role.drain();
  }

  /** The Teredo address of the client; undefined while there is none. */
  get address(): string | undefined {
    return this.#roles.map(({ address }) => address).find((address) => address !== undefined);
  }

  /** The roles that run, in the order of the configuration. */
  get roles(): DaemonConfiguration {
    return this.#roles.map(({ configuration }) => configuration);
  }

  /** What each role has counted so far. */
  counters(): readonly CounterStatus[] {
    return this.#roles.map((role) => role.counterStatus());
  }

  /** `limits` by role; undefined: the data path does not answer. */
  status(limits: readonly (readonly LimitUse[])[] | undefined): Status {
    const roles =
      this.#roles.length > 0
        ? this.#roles.map((role, index) => this.#statusOf(role, limits?.[index] ?? null))
        : [this.#ahead()];
    const answers = limits !== undefined;
    return {
      schemaVersion: 1,
      verdict: verdict(roles, answers),
      isWell: isWell(roles, answers),
      process: {
        pid: process.pid,
        version: this.#about.version,
        node: process.version,
        startedAt: this.#startedAt.toISOString(),
        forMs: Math.round(performance.now() - this.#startedMs),
      },
      web: this.web,
      dataPath: { answers },
      roles,
      warnings: [...this.#warnings],
    };
  }

  /** What the host keeps a role from is looked for when somebody asks: it may have been mended, or broken. */
  #statusOf(board: RoleBoard, limits: readonly LimitUse[] | null): RoleStatus {
    const status = board.status(limits);
    const trouble = status.state === 'online' ? this.#about.troubleOf?.(board.configuration) : undefined;
    if (trouble === undefined) return status;
    const { code, message, next } = trouble;
    return { ...status, error: { code, message, next } };
  }

  /** The role that is not there yet. */
  #ahead(): RoleStatus {
    const { role, type, interfaceName, serverName } = this.#intention;
    const server = serverName === undefined ? null : { name: serverName, address: null, secondary: null };
    return {
      role,
      type,
      state: 'offline',
      since: this.#intendedSince.toISOString(),
      forMs: Date.now() - this.#intendedSince.getTime(),
      error: this.#obstacle,
      interface: interfaceName ?? null,
      port: null,
      clientPort: null,
      refreshIntervalMs: null,
      network: 'unmanaged',
      server,
      servers: server === null ? [] : [server],
      listens: [],
      address: null,
      mtu: null,
      mapping: null,
      nat: null,
      portMapping: null,
      announcement: null,
      offloads: null,
      checksums: null,
      counters: NOTHING,
      drops: {},
      cases: {},
      errors: {},
      limits: null,
    };
  }
}

const NOTHING = {
  datagramsReceived: 0,
  datagramOctetsReceived: 0,
  datagramsSent: 0,
  datagramOctetsSent: 0,
  datagramsRefused: 0,
  datagramsCongested: 0,
  datagramsOverflowed: 0,
  packetsReceived: 0,
  packetOctetsReceived: 0,
  packetsSent: 0,
  packetOctetsSent: 0,
  faults: 0,
};
