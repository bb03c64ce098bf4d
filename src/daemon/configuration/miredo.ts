import { type Objection, objectToInterface, objectToIpv4, objectToServer } from './values.ts';

/** Reads the configuration files of Miredo 1.2.6 (miredo.conf(5), miredo-server.conf(5)) into keys of ours. */

/** What a file of Miredo's comes to. */
export interface Imported {
  readonly role: 'client' | 'relay' | 'server';
  /** By the path of the key: what `teredo.toml` shall say. */
  readonly values: ReadonlyMap<string, string | number | boolean | readonly string[]>;
  /** What has no equivalent, or another meaning here; each a sentence. */
  readonly remarks: readonly string[];
  /** What cannot be meant, as Miredo too would refuse it. */
  readonly problems: readonly { readonly line: number; readonly reason: string; readonly fix: string }[];
}

interface Directive {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

const DEFAULT_PREFIX = /^2001:0*:?(0*:)?:?(\/32)?$/;
const DEFAULT_MTU = '1280';

/** The text of either file: that of the server is known by its directives. */
export function importMiredo(text: string): Imported {
  const reading = new Reading(directivesIn(text));
  if (reading.has('ServerBindAddress') || reading.has('ServerBindAddress2')) return reading.server();
  return reading.clientOrRelay();
}

/** A name, white space, a value; "#" begins a comment line. */
function directivesIn(text: string): Directive[] {
  return text.split('\n').flatMap((raw, index) => {
    const [, name = '', value = ''] = /^\s*([^\s#]\S*)\s*(.*?)\s*$/.exec(raw) ?? [];
    return name === '' ? [] : [{ name, value: value.replace(/^"(.*)"$/, '$1'), line: index + 1 }];
  });
}

/** One file, directive by directive; what nobody took is told at the end. */
class Reading {
  readonly #directives: readonly Directive[];
  readonly #taken = new Set<string>();
  readonly #values = new Map<string, string | number | boolean | readonly string[]>();
  readonly #remarks: string[] = [];
  readonly #problems: { line: number; reason: string; fix: string }[] = [];

  constructor(directives: readonly Directive[]) {
    this.#directives = directives;
  }

  has(name: string): boolean {
    return this.#directives.some((directive) => isNamed(directive, name));
  }

  clientOrRelay(): Imported {
    const type = this.#take('RelayType');
    const kind = type?.value.toLowerCase() ?? 'client';
    const isClient = kind === 'client' || kind === 'autoclient';
    if (!isClient && !['cone', 'relay', 'restricted'].includes(kind)) {
      this.#refuse(type!, 'no such type', 'client, autoclient, cone, relay or restricted');
    }
    this.#checked('InterfaceName', 'interface.name', objectToInterface);
    if (!this.#values.has('interface.name')) this.#values.set('interface.name', 'miredo');
    if (isClient) this.#client();
    else this.#relay(kind);
    this.#facility();
    return this.#end(isClient ? 'client' : 'relay');
  }

  server(): Imported {
    this.#checked('ServerBindAddress', 'server.ipv4', objectToIpv4);
    this.#checked('ServerBindAddress2', 'server.ipv4_secondary', objectToIpv4);
    this.#prefix('the server');
    const mtu = this.#take('InterfaceMTU');
    if (mtu !== undefined && mtu.value !== DEFAULT_MTU) this.#number(mtu, 'server.mtu', 1_280, 65_535);
    this.#facility();
    return this.#end('server');
  }

  #client(): void {
    const server = this.#checkedValue('ServerAddress', objectToServer);
    if (server === undefined) {
      this.#remark('no ServerAddress: client.servers is left to its default (Miredo would not start)');
    } else {
      this.#values.set('client.servers', [server]);
    }
    const second = this.#take('ServerAddress2');
    if (second !== undefined) {
      if (objectToIpv4(second.value) === undefined) this.#values.set('client.server_secondary', second.value);
      else this.#remark(`ServerAddress2 ${second.value}: a second address is no name here; look it up and write it`);
    }
    this.#port('client.port');
    if (this.#take('BindAddress') !== undefined) {
      this.#remark('BindAddress: a client uses every address of the host, so that it survives when one of them goes');
    }
    for (const name of ['Prefix', 'InterfaceMTU']) {
      const given = this.#take(name);
      if (given !== undefined) this.#remark(`${name}: means nothing to a client, neither here nor to Miredo`);
    }
    // Newer sources than 1.2.6 have three more.
    const discovery = this.#take('LocalDiscovery');
    if (discovery?.value.toLowerCase() === 'disabled') this.#values.set('client.local_discovery', false);
    else if (discovery?.value.toLowerCase() === 'forced') {
      this.#remark('LocalDiscovery forced: local discovery is on, for links with private addresses');
    }
    for (const name of ['DiscoveryInterfaces', 'DiscoveryNetmask']) {
      if (this.#take(name) !== undefined) this.#remark(`${name}: local discovery has no such limit here`);
    }
    this.#values.set('client.even_with_ipv6', true);
    this.#remark('Miredo runs beside other IPv6 too: client.even_with_ipv6 = true keeps that');
  }

  #relay(kind: string): void {
    this.#checked('BindAddress', 'relay.ipv4', objectToIpv4);
    this.#port('relay.port');
    if (!this.#values.has('relay.port')) this.#remark('no BindPort: Miredo takes any port, relay.port is 3545');
    if (kind === 'restricted') {
      this.#values.set('relay.behind_nat', true);
      this.#remark('RelayType restricted: relay.behind_nat = true, which opens the NAT toward each client');
    }
    this.#prefix('the relay');
    const mtu = this.#take('InterfaceMTU');
    if (mtu !== undefined && mtu.value !== DEFAULT_MTU) {
      this.#remark(`InterfaceMTU ${mtu.value}: the interface of a relay has 1280 octets (RFC 4380 §5.1.2)`);
    }
    for (const name of ['ServerAddress', 'ServerAddress2']) {
      if (this.#take(name) !== undefined) this.#remark(`${name}: a relay asks no server`);
    }
  }

  #port(path: string): void {
    const port = this.#take('BindPort');
    if (port !== undefined && port.value !== '0') this.#number(port, path, 1, 65_535);
  }

  #prefix(who: string): void {
    const prefix = this.#take('Prefix');
    if (prefix === undefined || DEFAULT_PREFIX.test(prefix.value)) return;
    this.#remark(`Prefix ${prefix.value}: ${who} knows the Teredo prefix 2001::/32 only (RFC 4380 §2.6)`);
  }

  #facility(): void {
    if (this.#take('SyslogFacility') === undefined) return;
    this.#remark('SyslogFacility: the log goes to standard output, which systemd keeps in the journal');
  }

  #number(directive: Directive, path: string, least: number, most: number): void {
    const value = /^\d{1,6}$/.test(directive.value) ? Number(directive.value) : Number.NaN;
    if (value >= least && value <= most) this.#values.set(path, value);
    else this.#refuse(directive, 'not in range', `a whole number from ${least} to ${most}`);
  }

  #checked(name: string, path: string, check: (text: string) => Objection): void {
    const value = this.#checkedValue(name, check);
    if (value !== undefined) this.#values.set(path, value);
  }

  #checkedValue(name: string, check: (text: string) => Objection): string | undefined {
    const directive = this.#take(name);
    if (directive === undefined) return undefined;
    const objection = check(directive.value);
    if (objection === undefined) return directive.value;
    this.#refuse(directive, objection.reason, objection.fix);
    return undefined;
  }

  /** The first one counts, as with Miredo. */
  #take(name: string): Directive | undefined {
    this.#taken.add(name.toLowerCase());
    return this.#directives.find((directive) => isNamed(directive, name));
  }

  #remark(sentence: string): void {
    this.#remarks.push(sentence);
  }

  #refuse({ name, value, line }: Directive, reason: string, fix: string): void {
    this.#problems.push({ line, reason: `${name} ${value}: ${reason}`, fix });
  }

  #end(role: Imported['role']): Imported {
    for (const { name, line } of this.#directives) {
      if (!this.#taken.has(name.toLowerCase())) this.#remark(`line ${line}: ${name} is no directive of Miredo 1.2.6`);
    }
    return { role, values: this.#values, remarks: this.#remarks, problems: this.#problems };
  }
}

function isNamed(directive: Directive, name: string): boolean {
  return directive.name.toLowerCase() === name.toLowerCase();
}
