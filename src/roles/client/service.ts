import type { PeerTable } from '../../peers/peer-table.ts';
import { Case } from '../case.ts';
import {
  RETRY_PAUSE_MAX_MS,
  RETRY_PAUSE_MIN_MS,
  SERVER_PORT,
  SOLICITATION_TIMEOUT_MS,
  VIA_DISCOVERY,
  VIA_SERVICE,
} from '../constants.ts';
import type { Endpoint, NatType, OfflineReason, RoleEvent, ServerReason } from '../events.ts';
import type { Outbox } from '../outbox.ts';
import { between } from '../random.ts';
import type { Random } from '../role.ts';
import { TimerTable } from '../timers.ts';
import type { ClientConfig } from './config.ts';
import type { Identity } from './identity.ts';
import * as localDiscovery from './local-discovery.ts';
import { Maintenance } from './maintenance.ts';
import { ProvisionalFlows } from './provisional.ts';
import * as qualification from './qualification.ts';
import { isSameEndpoint, type Qualification } from './qualification.ts';
import { SecondaryPort } from './secondary-port.ts';
import type { Answer, SecureQualification } from './secure-qualification.ts';
import { ServerChoice } from './server-choice.ts';
import type { ServerAddress } from './servers.ts';
import type { Transmission } from './transmission.ts';

const TIMER_QUALIFICATION = 0;
const TIMER_DISCOVERY = 1;
const TIMER_IDLE = 2;

const NO_SERVER = 'failed to resolve server name';
/** The best server is asked alone for so long, in ms, before the next one is asked too. */
const STANDBY_PATIENCE_MS = SOLICITATION_TIMEOUT_MS / 2;
/** No packet to or from a proved peer for so long: nobody loses anything by another address of ours. */
const QUIET_MS = 60_000;

/**
 * Whether a client has its service: qualification and maintenance (RFC 4380 §5.2.1, §5.2.5), with which server, and
 * what goes on beside it once it is qualified.
 */
export class Service {
  readonly secondary: SecondaryPort;
  readonly flows: ProvisionalFlows;
  /** Whether what the host sends may wait for a qualification. */
  get holds(): boolean {
    const { state } = this.#qualification;
    return this.#config.onDemand && (state === 'dormant' || state === 'starting');
  }

  /** The last packet of the host that was not for a peer already reached. */
  hostSentAt = Number.NEGATIVE_INFINITY;

  readonly #config: ClientConfig;
  readonly #random: Random;
  readonly #identity: Identity;
  readonly #events: RoleEvent[];
  readonly #datagrams: Outbox;
  readonly #transmission: Transmission;
  readonly #timers = new TimerTable(3);
  readonly #solicitations: SecureQualification;
  readonly #choice: ServerChoice;
  readonly #maintenance: Maintenance;

  #qualification: Qualification = qualification.offLine('not started');
  #isWanted = false;
  #nat: NatType = 'unknown';
  #failures = 0;
  #configuredIntervalMs: number;
  #addressChangedAt = Number.NEGATIVE_INFINITY;

  constructor(
    config: ClientConfig,
    identity: Identity,
    random: Random,
    datagrams: Outbox,
    events: RoleEvent[],
    transmission: Transmission,
    solicitations: SecureQualification,
  ) {
    this.#config = config;
    this.#random = random;
    this.#identity = identity;
    this.#events = events;
    this.#datagrams = datagrams;
    this.#transmission = transmission;
    this.#solicitations = solicitations;
    this.flows = new ProvisionalFlows(identity);
    const { mtu, extensions } = config;
    this.#choice = new ServerChoice(config.servers, { mtu, supportsSymmetric: extensions.symmetricNat }, random, {
      solicit: (server, ipv4) => this.#solicitations.hurry(ipv4, server.ipv4),
      adopt: (server, qualified, reason, now) => {
        this.#use(server, reason);
        this.#enter(qualified, now);
      },
      isLost: (now) => this.state === 'starting' || this.#maintenance.isSilent(now),
      isQuiet: (now) => now - this.#lastTrafficAt() >= QUIET_MS,
    });
    if (this.#choice.current !== undefined) this.#identity.use(this.#choice.current);
    this.#configuredIntervalMs = config.refreshIntervalMs;
    this.#maintenance = new Maintenance(config.refreshIntervalMs, random);
    this.secondary = new SecondaryPort(identity, solicitations, transmission.bubbles, events, {
      refreshIntervalMs: config.refreshIntervalMs,
      findRefreshInterval: config.findRefreshInterval,
      // A symmetric NAT filters too, but that is not what people call it by.
      onNat: (nat) => (this.#identity.isSymmetric ? undefined : this.#identified(nat)),
      onBehaviour: (behaviour) => this.#events.push({ type: 'nat-behaviour', behaviour }),
      onRefreshInterval: (intervalMs) => this.#useRefreshInterval(intervalMs),
    });
  }

  get state(): Qualification['state'] {
    return this.#qualification.state;
  }

  get isQualified(): boolean {
    return this.#qualification.state === 'qualified';
  }

  get mapped(): Endpoint | undefined {
    return this.#qualification.state === 'qualified' ? this.#qualification.mapped : undefined;
  }

  get nat(): NatType {
    return this.#nat;
  }

  /** The refresh interval in use, in ms, before randomization. */
  get refreshIntervalMs(): number {
    return this.#maintenance.intervalMs;
  }

  /** In ms; in place of the configured interval and of what was found out. */
  setRefreshInterval(intervalMs: number): void {
    if (intervalMs === this.#configuredIntervalMs) return;
    this.#configuredIntervalMs = intervalMs;
    this.#maintenance.useInterval(intervalMs);
    this.secondary.setRefreshInterval(intervalMs);
  }

  get deadlineAt(): number {
    const { deadlineAt } = this.#maintenance;
    return Math.min(this.#timers.next(), deadlineAt, this.secondary.deadlineAt, this.#choice.deadlineAt);
  }

  start(now: number): void {
    // Whatever hangs on an older address ends with it.
    if (this.isQualified) this.stop(now);
    this.#isWanted = true;
    this.#failures = 0;
    if (this.#config.onDemand) return this.#enter({ state: 'dormant' }, now);
    this.#askForPortMapping(true);
    // Without servers there is nothing to tell yet: their names are being looked up.
    if (this.#choice.current !== undefined) this.#begin(now);
  }

  /** A packet wants to leave: a dormant client qualifies, and asks both addresses of its server at once. */
  wake(now: number): void {
    if (this.state !== 'dormant') return;
    this.#askForPortMapping(true);
    this.#begin(now);
  }

  stop(now: number, reason: OfflineReason = 'stopped'): void {
    this.#isWanted = false;
    this.#enter(qualification.offLine(reason), now);
    this.#askForPortMapping(false);
  }

  /** The host has other addresses than before: its mapping may have ended with them, or asking may help at last. */
  hostMoved(now: number): void {
    if (!this.#isWanted || this.state === 'dormant' || this.#choice.current === undefined) return;
    this.#failures = 0;
    // This change of mapping is not of the server's or the NAT's making.
    this.#addressChangedAt = Number.NEGATIVE_INFINITY;
    if (this.isQualified) this.#maintenance.hurry(now);
    else this.#begin(now);
  }

  /** Replaces the list of servers; whoever serves us goes on until another has answered. */
  setServers(servers: readonly ServerAddress[], now: number): void {
    const q = this.#qualification;
    if (q.state === 'qualified') {
      this.#choice.replace(servers, now);
      if (this.#maintenance.hasStandby === this.#choice.hasStandby) return;
      this.#maintenance.hasStandby = this.#choice.hasStandby;
      return this.#maintenance.start(now);
    }
    const { current } = this.#choice;
    this.#choice.servers.set(servers);
    const isGone = current === undefined || this.#choice.servers.get(current.ipv4) === undefined;
    const isIdle = q.state === 'off-line' && q.retryAt === Number.POSITIVE_INFINITY;
    const hasNews = servers.length > 0 || (q.state === 'off-line' && q.reason === 'not started');
    if (this.#isWanted && q.state !== 'dormant' && isGone && (!isIdle || hasNews)) this.#begin(now);
  }

  /** Something came from the server in use (RFC 4380 §5.2.3; ledger CLI-62). */
  serverHeard(now: number): void {
    this.#maintenance.serverHeard(now);
  }

  /** A valid advertisement came by the service port. */
  advertised({ told, server, asked }: Answer, now: number): void {
    const q = this.#qualification;
    if (server !== this.#identity.server) return this.#choice.advertised(server, asked, told, now);
    if (told === 'rejected') {
      this.#choice.fail(now);
      this.#enter(qualification.offLine('server rejected the authentication key'), now);
    } else if (q.state === 'starting') {
      const { mtu, extensions } = this.#config;
      const from = asked === server ? 'primary' : 'secondary';
      this.#choice.calm(now);
      if (q.isHurried === true && (from === 'primary' ? q.secondary : q.primary) === undefined) {
        // The other address has been asked already.
        this.#qualification = { ...q, [from]: told };
        return this.#choice.suspect(now + STANDBY_PATIENCE_MS);
      }
      this.#enter(qualification.advertised(q, from, told, mtu, extensions.symmetricNat, now), now);
      // Its second address may be the silent one.
      if (this.state === 'starting') this.#choice.suspect(now + STANDBY_PATIENCE_MS);
    } else if (q.state === 'qualified') {
      this.#refreshed(q, told, now);
    }
  }

  handleTimeout(now: number): void {
    if (this.#timers.take(TIMER_QUALIFICATION, now)) this.#qualificationTimeOut(now);
    if (this.#timers.take(TIMER_DISCOVERY, now)) this.#discover(now);
    if (this.#timers.take(TIMER_IDLE, now)) this.#rest(now);
    if (this.#maintenance.deadlineAt <= now) this.#maintain(now);
    if (this.secondary.deadlineAt <= now) this.secondary.timeOut(now);
    if (this.#choice.deadlineAt <= now) this.#choice.timeOut(now);
  }

  /** Costs a look at every peer: for questions that come once a minute. -Infinity: never. */
  #lastTrafficAt(): number {
    const { lastReceptionAt, lastTransmissionAt, trusted } = this.#peers;
    let lastAt = this.hostSentAt;
    this.#peers.forEach((peer) => {
      lastAt = Math.max(lastAt, lastTransmissionAt[peer]!);
      if (trusted[peer] === 1) lastAt = Math.max(lastAt, lastReceptionAt[peer]!);
    });
    return lastAt;
  }

  get #peers(): PeerTable {
    return this.#transmission.contacts.peers;
  }

  #qualificationTimeOut(now: number): void {
    const q = this.#qualification;
    if (q.state === 'off-line')
      return this.#config.onDemand ? this.#enter({ state: 'dormant' }, now) : this.#begin(now);
    if (q.state !== 'starting') return;
    const next = qualification.timeOut(q, now);
    if (next.state === 'off-line') this.#choice.fail(now);
    this.#enter(next, now);
  }

  /** Begins a qualification with the best server. */
  #begin(now: number): void {
    const before = this.#choice.current;
    if (this.#choice.takeBest(now) && before !== undefined) this.#choice.stop();
    const { current } = this.#choice;
    if (current === undefined) return this.#enter(qualification.offLine(NO_SERVER), now);
    const isListed = before !== undefined && this.#choice.servers.get(before.ipv4) !== undefined;
    this.#use(current, isListed ? 'previous server silent' : 'list of servers changed');
    this.#choice.suspect(now + STANDBY_PATIENCE_MS);
    this.#enter({ ...qualification.start(now), isHurried: this.#config.onDemand }, now);
  }

  /** Dormant again when no packet has come or gone for long enough. */
  #rest(now: number): void {
    const idleAt = Math.max(this.#lastTrafficAt(), this.#addressChangedAt) + this.#config.idleMs;
    if (idleAt > now) return this.#timers.set(TIMER_IDLE, idleAt);
    this.#askForPortMapping(false);
    this.#enter({ state: 'dormant' }, now);
  }

  /** This server is the one that is asked and whose prefix we have. */
  #use(server: ServerAddress, reason: ServerReason): void {
    const { server: before } = this.#identity;
    this.#identity.use(server);
    if (before === 0 || before === server.ipv4) return;
    this.#solicitations.forget(VIA_SERVICE);
    this.#events.push({
      type: 'server',
      server: { ipv4: server.ipv4, port: SERVER_PORT },
      preference: server.preference,
      previous: { ipv4: before, port: SERVER_PORT },
      reason,
    });
  }

  #maintain(now: number): void {
    const step = this.#maintenance.timeOut(now);
    if (this.#maintenance.isSuspect) this.#choice.suspect(now);
    if (step === 'wait' || this.#choice.tryAdopt(now)) return;
    if (step === 'solicit') {
      const { server } = this.#identity;
      return this.#maintenance.isHurried ? this.#solicitations.hurry(server, server) : this.#solicit(server, now);
    }
    this.#choice.fail(now);
    this.#enter(qualification.offLine('primary server unreachable'), now);
  }

  /** An advertisement while qualified: the mapping is confirmed, or has changed (RFC 4380 §5.2.5; ledger CLI-103). */
  #refreshed(q: qualification.Qualified, advertisement: qualification.Advertised, now: number): void {
    this.#choice.calm(now);
    this.#maintenance.start(now);
    if (isSameEndpoint(q.mapped, advertisement.mapped)) return;
    // One change of address in a refresh interval; a server or NAT that flaps faster must not renumber the host.
    if (now - this.#addressChangedAt < 0.5 * this.#maintenance.intervalMs) return;
    this.#enter({ ...q, mapped: advertisement.mapped }, now);
  }

  /** The one place where the client's state changes; what must be sent follows from the state entered. */
  #enter(next: Qualification, now: number): void {
    const previous = this.#qualification;
    const previousAddress = previous.state === 'qualified' ? this.#identity.address.slice() : undefined;
    this.#qualification = next;
    this.#timers.stop(TIMER_QUALIFICATION);
    switch (next.state) {
      case 'starting':
        return this.#enterStarting(next, now);
      case 'qualified':
        return this.#enterQualified(next, previousAddress, now);
      case 'dormant':
        return this.#enterDormant(previousAddress);
      case 'off-line':
        return this.#enterOffLine(next.reason, previousAddress, now);
    }
  }

  /** To the server in use, by the service port. */
  #solicit(ipv4: number, now: number): void {
    if (ipv4 === this.#identity.server) this.#choice.servers.asked(ipv4, now);
    this.#solicitations.solicit(VIA_SERVICE, ipv4, 0);
  }

  #enterStarting(q: qualification.Starting, now: number): void {
    const ipv4 = q.server === 'primary' ? this.#identity.server : this.#identity.server2;
    this.#timers.set(TIMER_QUALIFICATION, q.deadlineAt);
    if (q.primary === undefined || q.isHurried !== true) this.#solicit(ipv4, now);
    if (q.secondary === undefined && q.isHurried === true) this.#solicit(this.#identity.server2, now);
    const server = { ipv4, port: SERVER_PORT };
    this.#events.push({ type: 'starting', server, phase: q.server, attempt: q.attempt });
  }

  #enterQualified(q: qualification.Qualified, previous: Uint8Array | undefined, now: number): void {
    this.#failures = 0;
    // What was found out about another mapping need not be true of this one.
    this.#maintenance.intervalMs = this.#configuredIntervalMs;
    this.#maintenance.hasStandby = this.#choice.hasStandby;
    this.#choice.settle(now);
    this.#maintenance.start(now);
    this.#addressChangedAt = now;
    this.#identity.assume(q.mapped);
    this.flows.settle();
    if (this.#config.onDemand) this.#timers.set(TIMER_IDLE, now + this.#config.idleMs);
    this.#identity.isSymmetric = q.isSymmetric;
    this.#peers.clear();
    const { isDirect } = this.#identity;
    this.#nat = isDirect ? 'none' : q.isSymmetric ? 'symmetric' : 'restricted';
    this.#transmission.cases[previous === undefined ? Case.Qualifications : Case.AddressChanges]!++;
    this.#events.push({
      type: 'qualified',
      address: this.#identity.address.slice(),
      ...(previous === undefined ? {} : { previous }),
      ...(this.flows.isActive ? { provisional: this.flows.address.slice() } : {}),
      mtu: Math.min(q.mtu, this.#config.mtu),
      mapped: q.mapped,
      nat: this.#nat,
      server: { ipv4: this.#identity.server, port: SERVER_PORT },
    });
    if (this.#config.localDiscovery) {
      this.#events.push({ type: 'socket', via: VIA_DISCOVERY, open: true });
      this.#discover(now);
    }
    if (q.isSymmetric) this.#events.push({ type: 'nat-identified', nat: 'symmetric' });
    this.secondary.start(this.#config.identifyNat && !isDirect, now);
  }

  #enterDormant(previous: Uint8Array | undefined): void {
    this.#end(previous);
    // Where the mapping was the last time it may well be the next time; the service port is the same.
    this.flows.begin(this.#identity.expected(this.#choice.current));
    const provisional = this.flows.address.slice();
    this.#events.push({ type: 'dormant', provisional, ...(previous === undefined ? {} : { previous }) });
  }

  /** What hangs on being qualified, or on becoming it, ends. */
  #end(previous: Uint8Array | undefined): void {
    this.#maintenance.stop();
    this.#choice.stop();
    this.#solicitations.forget(VIA_SERVICE);
    this.#timers.stop(TIMER_DISCOVERY);
    this.#timers.stop(TIMER_IDLE);
    this.secondary.close();
    if (this.#config.localDiscovery && previous !== undefined) {
      this.#events.push({ type: 'socket', via: VIA_DISCOVERY, open: false });
    }
    this.#peers.clear();
    this.#identity.abandon();
  }

  #enterOffLine(reason: OfflineReason, previous: Uint8Array | undefined, now: number): void {
    this.#end(previous);
    this.flows.end();
    const retryAt = !this.#isWanted || reason === NO_SERVER ? Number.POSITIVE_INFINITY : now + this.#retryPauseMs();
    this.#timers.set(TIMER_QUALIFICATION, retryAt);
    this.#qualification = { state: 'off-line', reason, retryAt };
    if (reason === 'symmetric NAT') this.#identified('symmetric');
    this.#events.push({ type: 'off-line', reason, retryAt, ...(previous === undefined ? {} : { previous }) });
  }

  /** Doubles with each failure in a row, and is randomized, so that a server's clients do not come back all at once. */
  #retryPauseMs(): number {
    const longest = Math.min(RETRY_PAUSE_MAX_MS, RETRY_PAUSE_MIN_MS * 2 ** this.#failures++);
    return between(this.#random, 0.75 * longest, longest);
  }

  /**
   * Departs from RFC 6081 §5.3.3 (ledger EXT-20), which asks the router before the server: a router takes seconds to
   * find, and an address that late would help nobody. The answer counts from when it comes.
   */
  #askForPortMapping(wanted: boolean): void {
    if (!this.#transmission.extensions.wantsPortMapping) return;
    this.#events.push({ type: 'port-mapping', wanted, localPort: this.#identity.localPort });
  }

  // ---- What goes on beside it -----------------------------------------------------------------------------------

  #identified(nat: NatType): void {
    this.#nat = nat;
    this.#events.push({ type: 'nat-identified', nat });
  }

  #useRefreshInterval(intervalMs: number): void {
    this.#maintenance.intervalMs = intervalMs;
    this.#events.push({ type: 'refresh-interval', intervalMs });
  }

  #discover(now: number): void {
    localDiscovery.emit(this.#datagrams, this.#identity.address, this.#transmission.cases);
    this.#timers.set(TIMER_DISCOVERY, localDiscovery.nextAt(this.#random, now));
  }
}
