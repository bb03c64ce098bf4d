import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { ClientConfiguration } from './configuration/configuration.ts';

/** How long the name service and each controller are waited for, in ms. */
const LOOKUP_TIMEOUT_MS = 2_000;
const LOOKUP_TRIES = 2;
const CONNECT_TIMEOUT_MS = 2_000;
/** Controllers that are tried; a large domain has hundreds. */
const CONTROLLERS_MAX = 4;

/**
 * A domain controller that answers, as "dc1.corp.example:389"; undefined: none does, and the network is nobody's.
 *
 * Units:  at most some 12 s, when everything is silent.
 * Errors: none; a name service that is away knows no controller.
 * Source: what Windows does before a client of type "client" runs: the SRV records of the domain's controllers, then a
 *         connection to one of them, for a domain's public DNS may be seen from anywhere.
 */
export async function findController(domain: string, signal: AbortSignal): Promise<string | undefined> {
  const resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: LOOKUP_TRIES });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const records = await resolver.resolveSrv(`_ldap._tcp.dc._msdcs.${domain.replace(/\.$/, '')}`);
    const best = records.sort((a, b) => a.priority - b.priority || b.weight - a.weight).slice(0, CONTROLLERS_MAX);
    const answers = await Promise.all(
      best.map(async (record) => ((await isThere(record, resolver)) ? record : undefined)),
    );
    const found = answers.find((record) => record !== undefined);
    return found === undefined ? undefined : `${found.name}:${found.port}`;
  } catch {
    return undefined;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Whether the controller takes a connection at one of its addresses. */
async function isThere({ name, port }: { name: string; port: number }, resolver: Resolver): Promise<boolean> {
  const [ipv4, ipv6] = await Promise.all([
    resolver.resolve4(name).catch(() => []),
    resolver.resolve6(name).catch(() => []),
  ]);
  // By an address of Teredo's prefix it would be reached through us.
  const addresses = [...ipv4, ...ipv6.filter((address) => !/^2001:0?:/.test(address))].slice(0, CONTROLLERS_MAX);
  return (await Promise.all(addresses.map((address) => accepts(address, port)))).includes(true);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}

/**
 * The domain this host has joined, by the files of what joins hosts to domains; undefined: none.
 *
 * Errors: none; what cannot be read says nothing.
 */
export function joinedDomain(root = ''): string | undefined {
  const sssd = read(`${root}/etc/sssd/sssd.conf`);
  const section = [...sssd.matchAll(/^\s*\[domain\/([^\]]+)\]([^[]*)/gm)].find(([, , body]) =>
    /^\s*id_provider\s*=\s*(ad|ipa)\s*$/m.test(body!),
  );
  if (section !== undefined) return /^\s*ad_domain\s*=\s*(\S+)/m.exec(section[2]!)?.[1] ?? section[1];
  const samba = read(`${root}/etc/samba/smb.conf`);
  if (!/^\s*security\s*=\s*ads\s*$/im.test(samba)) return undefined;
  return /^\s*realm\s*=\s*(\S+)/im.exec(samba)?.[1]?.toLowerCase();
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What a client of this configuration must look for before it runs; undefined: nothing. */
export function watchedDomain({ type = 'client', domain }: ClientConfiguration): string | undefined {
  return type === 'client' ? (domain ?? joinedDomain()) : undefined;
}

/**
 * Lets one client run only while its network is nobody's domain (the type "client" of Windows): looks before it starts,
 * and again whenever the host's addresses change.
 */
export class ManagedNetwork {
  readonly #domain: string;
  readonly #allow: (isAllowed: boolean, controller: string | undefined) => void;
  readonly #ended = new AbortController();
  #isLooking = false;
  #isStale = false;
  #isAllowed: boolean | undefined;

  /** `allow` is called at first, and when the answer is another. */
  constructor(domain: string, allow: (isAllowed: boolean, controller: string | undefined) => void) {
    this.#domain = domain;
    this.#allow = allow;
  }

  look(): void {
    this.#isStale = true;
    if (!this.#isLooking) void this.#look();
  }

  stop(): void {
    this.#ended.abort();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.#isStale && !this.#ended.signal.aborted) {
      this.#isStale = false;
      const controller = await findController(this.#domain, this.#ended.signal);
      if (this.#ended.signal.aborted) return;
      const isAllowed = controller === undefined;
      if (isAllowed === this.#isAllowed) continue;
      this.#isAllowed = isAllowed;
      this.#allow(isAllowed, controller);
    }
    this.#isLooking = false;
  }
}
