import { chownSync, lstatSync, mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TeredoError } from '../errors.ts';
import { findAccount, isMapped, mayRead, nameOfUser } from '../io/linux/accounts.ts';
import {
  type Account,
  become,
  type Capability,
  forbidNewPrivileges,
  keepCapabilities,
  limitCapabilities,
  maskOf,
} from '../io/linux/capabilities.ts';
import { capabilitiesOf, type ThreadRights, threadsOf } from '../io/linux/threads.ts';
import type { DaemonConfiguration, RoleConfiguration } from './configuration/configuration.ts';
import { noUser } from './missing-accounts.ts';
import { type Reporter, warning } from './reports.ts';

export interface PrivilegeOptions {
  /** Who root becomes; "root": it stays. Unless said, `teredo` where there is such a user, else `nobody`. */
  readonly user?: string;
  /** A control socket that is not at the usual place. */
  readonly controlSocket?: string;
}

/** Where the process writes later. */
export interface Folders {
  readonly state: string;
  readonly sockets: string;
}

const OWN_USER = 'teredo';
const USER_OF_LAST_RESORT = 'nobody';
const PRIVILEGED_PORTS = 1024;

/**
 * Gives up what rights the process does not need once its ports are open: root becomes another user, and both threads
 * of ours keep the capabilities that these roles need.
 *
 * The kernel keeps rights by thread. The C library changes the user of all of them, and those that did not say
 * `keepCapabilities` lose theirs by it. The main thread calls `drop`; then the data-path thread, which said it, calls
 * `limitCapabilities(rights, 0n)`; then the main thread looks at all of them.
 */
export class Privileges {
  /** One bit for each capability that both threads keep. */
  readonly rights: bigint;

  readonly #needed: readonly Capability[];
  readonly #options: PrivilegeOptions;
  readonly #report: Reporter;
  /** What the process writes to later. */
  readonly #folders: Folders;
  #account: Account | undefined;

  /**
   * `folders` become that user's when they are ours to give.
   *
   * Errors: TeredoError when the user is not there, or another part of the system would keep root's rights.
   */
  constructor(options: PrivilegeOptions, configuration: DaemonConfiguration, report: Reporter, folders: Folders) {
    refuseIoUring();
    this.#options = options;
    this.#report = report;
    this.#folders = folders;
    this.#needed = neededBy(configuration);
    this.rights = maskOf(this.#needed);
    this.#account = process.getuid?.() === 0 ? this.#choose() : undefined;
  }

  /** Whether the process becomes another user. */
  get changesUser(): boolean {
    return this.#account !== undefined;
  }

  /** Whether anything is given up; root that stays root keeps all. */
  get isDropping(): boolean {
    return this.#account !== undefined || process.getuid?.() !== 0;
  }

  /** The main thread's part. Errors: TeredoError; then the process must end. */
  drop(): void {
    const account = this.#account;
    if (account !== undefined) {
      hand(this.#folders.state, account, 0o700);
      // There is one if somebody listens in it, and has to take a file away in the end.
      const { controlSocket } = this.#options;
      hand(controlSocket === undefined ? this.#folders.sockets : dirname(controlSocket), account);
      keepCapabilities();
      become(account);
    }
    // "ip" and hooks change interfaces for us.
    limitCapabilities(this.rights, maskOf(['net_admin']));
    if (threadsOf('self').some(({ noNewPrivileges }) => noNewPrivileges !== true)) forbidNewPrivileges();
  }

  /** After both parts: looks at every thread. Errors: TeredoError when one has more than it should. */
  verify(): void {
    const account = this.#account;
    const allowed = account === undefined ? undefined : this.rights;
    const wrong = threadsOf('self').flatMap((thread) => excess(thread, account, allowed));
    if (wrong.length > 0) {
      throw new TeredoError('TD-PRIVILEGES', `rights were not given up: ${wrong.join('; ')}`, 'please report it');
    }
    const { permitted, uids } = capabilitiesOf('thread-self');
    const kept = this.#needed.filter((name) => (permitted & maskOf([name])) !== 0n);
    this.#report({ type: 'privileges', user: nameOfUser(uids[0]!), capabilities: kept });
    // A process that starts its roles anew has nothing left to give up.
    this.#account = undefined;
  }

  #choose(): Account | undefined {
    const { user } = this.#options;
    if (user === 'root') return undefined;
    const account =
      user === undefined ? (findAccount(OWN_USER) ?? findAccount(USER_OF_LAST_RESORT)) : findAccount(user);
    if (account === undefined) {
      if (user !== undefined) throw noUser(user);
      this.#stay(noUser(`${OWN_USER} or nobody`).message);
      return undefined;
    }
    const obstacle = obstacleFor(account);
    if (obstacle === undefined) return account;
    if (user !== undefined) {
      throw new TeredoError('TD-PRIVILEGES', `cannot become ${user}: ${obstacle}`, 'or say --user root');
    }
    this.#stay(obstacle);
    return undefined;
  }

  #stay(reason: string): void {
    const next = 'see docs/privileges.md; --user root says that it is meant so';
    this.#report(warning(new TeredoError('TD-STAYS-ROOT', `goes on as root: ${reason}`, next)));
  }
}

/** Which capabilities roles need while they run. */
export function neededBy(configuration: DaemonConfiguration): Capability[] {
  const needed: Capability[] = [];
  // Packets to native hosts leave by a raw socket where there is no interface.
  if (configuration.some(({ role, interfaceName }) => role === 'server' && interfaceName === undefined)) {
    needed.push('net_raw');
  }
  if (configuration.some(({ interfaceName }) => interfaceName !== undefined)) needed.push('net_admin');
  if (configuration.some((role) => isPrivileged(portOf(role)))) needed.push('net_bind_service');
  return needed;
}

function portOf(role: RoleConfiguration): number {
  return role.role === 'server' ? 0 : role.port;
}

function isPrivileged(port: number): boolean {
  return port > 0 && port < PRIVILEGED_PORTS;
}

/** Operations of an io_uring go on with the rights of who made it, whatever becomes of the process. */
function refuseIoUring(): void {
  const value = process.env.UV_USE_IO_URING ?? '';
  if (!(Number.parseInt(value, 10) !== 0 && value !== '')) return;
  throw new TeredoError(
    'TD-IO-URING',
    `UV_USE_IO_URING=${value}: with io_uring, rights that are given up would be kept in the kernel`,
    'start it without this variable',
  );
}

/** Why root cannot become this user here; undefined: it can. */
function obstacleFor(account: Account): string | undefined {
  if (!isMapped(account)) return `user ${account.name} (${account.uid}) does not exist in this user namespace`;
  const SETGID = 1n << 6n;
  const SETUID = 1n << 7n;
  const { effective } = capabilitiesOf('thread-self');
  if ((effective & SETGID) === 0n || (effective & SETUID) === 0n) return 'no right to change the user';
  // Parts of us are loaded when they are first needed, and by whoever we are then.
  const own = fileURLToPath(import.meta.url);
  if (!mayRead(account, own)) return `user ${account.name} may not read ${own}`;
  return undefined;
}

/** Makes the folder that user's, if it is surely one of ours; with `mode` it is made where there is none. */
function hand(folder: string, { uid, gid }: Account, mode?: number): void {
  try {
    let isNew = false;
    if (mode !== undefined) {
      mkdirSync(dirname(folder), { recursive: true });
      isNew = mkdirSync(folder, { recursive: true, mode }) !== undefined;
    }
    if (isNew || (basename(folder) === 'teredo' && lstatSync(folder).uid === 0)) chownSync(folder, uid, gid);
  } catch {
    // Then nothing is remembered over a restart, or a file is left behind: both are lived with.
  }
}

function excess(thread: ThreadRights, account: Account | undefined, allowed: bigint | undefined): string[] {
  const { id, name, uids, gids, permitted, effective, inheritable, ambient, noNewPrivileges } = thread;
  const who = `thread ${id} (${name})`;
  const wrong: string[] = [];
  if (account !== undefined && (uids.some((uid) => uid !== account.uid) || gids.some((gid) => gid !== account.gid))) {
    wrong.push(`${who} is user ${uids.join('/')}, group ${gids.join('/')}`);
  }
  const has = permitted | effective | inheritable | ambient;
  if (allowed !== undefined && (has & ~allowed) !== 0n) {
    wrong.push(`${who} has capabilities ${(has & ~allowed).toString(16)} beyond its own`);
  }
  // Programs are started by the main thread; where the kernel has no filters, the others cannot be told.
  if (noNewPrivileges === false && id === String(process.pid)) wrong.push(`${who} may get new rights`);
  return wrong;
}
