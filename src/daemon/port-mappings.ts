import type { Router } from '../io/mapping/mapping.ts';
import { PortMapper, type PortMappingState } from '../io/mapping/port-mapper.ts';
import { routerTo } from '../io/mapping/router.ts';
import { StateFile } from '../io/mapping/state-file.ts';
import type { Endpoint, RoleEvent } from '../roles/role.ts';
import { isGlobalUnicast } from '../wire/ipv4.ts';
import { parseIpv4 } from '../wire/text.ts';
import type { ClientConfiguration, DaemonConfiguration } from './configuration/configuration.ts';
import type { ToDataPath } from './messages.ts';
import type { Reporter } from './reports.ts';

/** The port mappings that the roles of one process asked for: the events are heard here, the answers go back. */
export class PortMappings {
  readonly #configuration: DaemonConfiguration;
  readonly #report: Reporter;
  readonly #serverOf: (index: number) => string | undefined;
  readonly #tell: (message: ToDataPath) => void;
  /** Where mappings are remembered over the death of the process. */
  readonly #folder: string;
  /** By role. */
  readonly #mappers = new Map<number, PortMapper>();
  readonly #farewells: Promise<void>[] = [];

  /** `serverOf`: the server that a role uses, as text; undefined while none is known. */
  constructor(
    configuration: DaemonConfiguration,
    report: Reporter,
    tell: (message: ToDataPath) => void,
    serverOf: (index: number) => string | undefined,
    folder: string,
  ) {
    this.#folder = folder;
    this.#serverOf = serverOf;
    this.#configuration = configuration;
    this.#report = report;
    this.#tell = tell;
  }

  handle(index: number, { wanted, localPort }: Extract<RoleEvent, { type: 'port-mapping' }>): void {
    const role = this.#configuration[index];
    if (role?.role !== 'client' || role.portMapping === false) return;
    const mapper = this.#mappers.get(index);
    this.#mappers.delete(index);
    const farewell = mapper?.stop() ?? Promise.resolve();
    this.#farewells.push(farewell);
    if (!wanted) return;
    this.#mappers.set(
      index,
      new PortMapper({
        localPort,
        findRouter: () => farewell.then(() => findRouter(this.#serverOf(index))),
        store: new StateFile(this.#folder, role.interfaceName),
        onState: (state) => this.#heard(index, role, state),
      }),
    );
  }

  hostChanged(): void {
    for (const mapper of this.#mappers.values()) void mapper.hostChanged();
  }

  /** Removes every mapping, as far as the routers are there. */
  async stop(): Promise<void> {
    await Promise.all([...this.#farewells, ...[...this.#mappers.values()].map((mapper) => mapper.stop())]);
  }

  #heard(index: number, role: ClientConfiguration, state: PortMappingState): void {
    const mapping = state.state === 'mapped' ? endpointOf(state.external) : undefined;
    this.#tell({ type: 'port-mapping', role: index, mapping });
    this.#report({
      type: 'port-mapping',
      role,
      mapping: state,
      isPublic: mapping !== undefined && isPublic(mapping.ipv4),
    });
  }
}

/** The router between this host and its server; a text says why there is none to be asked. */
async function findRouter(server: string | undefined): Promise<Router | string> {
  if (server === undefined) return 'no server is known';
  const router = await routerTo(server);
  if (router === undefined) return 'there is no router between this host and the server';
  return isPublic(parseIpv4(router.local) ?? 0) ? 'the address of this host is public' : router;
}

/** RFC 6598: 100.64.0.0/10 is a provider's own side of its NAT. RFC 4380 did not know it. */
export function isPublic(ipv4: number): boolean {
  return isGlobalUnicast(ipv4) && ipv4 >>> 22 !== 0x6440_0000 >>> 22;
}

function endpointOf({ address, port }: { readonly address: string; readonly port: number }): Endpoint | undefined {
  const ipv4 = parseIpv4(address);
  return ipv4 === undefined ? undefined : { ipv4, port };
}
