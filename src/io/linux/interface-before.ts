import { readFileSync, writeFileSync } from 'node:fs';
import { ask, askNow } from './ip.ts';

/** Settings of the interface that we change, below /proc/sys/net/ipv6/conf/NAME. */
const SETTINGS = ['disable_ipv6', 'accept_ra', 'autoconf', 'router_solicitations'] as const;
/** By the number that `addr_gen_mode` has (linux/if_link.h). */
const ADDRESS_MODES = ['eui64', 'none', 'stable_secret', 'random'];

/** What `ip -json -details address` tells of an interface; more than this is there. */
interface InterfaceRow {
  readonly ifindex: number;
  readonly mtu: number;
  readonly txqlen?: number;
  readonly flags: readonly string[];
  readonly linkinfo?: { readonly info_data?: { readonly persist?: boolean } };
  readonly addr_info: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

/** How an interface was before we touched it: one that an administrator made outlives us, and is given back so. */
export interface InterfaceBefore {
  readonly index: number;
  /** An administrator made the interface and put it up: it is never set down by us. */
  readonly isUp: boolean;
  readonly mtu: number;
  readonly queueLength: number;
  readonly addressMode: string | undefined;
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
  readonly settings: ReadonlyMap<string, string>;
}

/** Errors: TeredoError with what `ip` said. */
export async function lookBefore(name: string): Promise<InterfaceBefore> {
  const [row] = await ask<InterfaceRow>('-details', 'address', 'show', 'dev', name);
  const settings = SETTINGS.flatMap((setting) => {
    const value = readSetting(name, setting);
    return value === undefined ? [] : [[setting, value] as const];
  });
  return {
    index: row?.ifindex ?? 0,
    // A TUN interface that ends with its process is ours alone, whoever puts it up.
    isUp: row?.linkinfo?.info_data?.persist === true && row.flags.includes('UP'),
    mtu: row?.mtu ?? 0,
    queueLength: row?.txqlen ?? 0,
    addressMode: ADDRESS_MODES[Number(readSetting(name, 'addr_gen_mode') ?? Number.NaN)],
    addresses: (row?.addr_info ?? [])
      .filter(({ family }) => family === 'inet6')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    settings: new Map(settings),
  };
}

/** Whether the interface that we knew is still there: another one may have its name by now. */
export function isStillThere(name: string, { index }: InterfaceBefore): boolean {
  const [row] = askNow<{ readonly ifindex?: number }>('link', 'show', 'dev', name);
  return row?.ifindex === index;
}

/** Lines for `ip -batch` that give back what was; addresses that are still there make their line fail, which is fine. */
export function linesBack(name: string, before: InterfaceBefore): string[] {
  const { isUp, mtu, queueLength, addressMode, addresses } = before;
  const mode = addressMode === undefined ? [] : [`link set dev ${name} addrgenmode ${addressMode}`];
  const link = `link set dev ${name} txqueuelen ${queueLength} mtu ${mtu}`;
  if (!isUp) return [`link set dev ${name} down`, ...mode, link];
  return [...mode, `${link} up`, ...addresses.map((address) => `address add ${address} dev ${name}`)];
}

export function settingsBack(name: string, { settings }: InterfaceBefore): void {
  for (const [setting, value] of settings) writeSetting(name, setting, value);
}

/** Whether the interface has the setting in the end. */
export function writeSetting(name: string, setting: string, value: string): boolean {
  try {
    // Read first: in a container /proc/sys may be read-only and right already.
    if (readSetting(name, setting) !== value) writeFileSync(path(name, setting), value);
    return true;
  } catch {
    return false;
  }
}

function readSetting(name: string, setting: string): string | undefined {
  try {
    return readFileSync(path(name, setting), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function path(name: string, setting: string): string {
  return `/proc/sys/net/ipv6/conf/${name}/${setting}`;
}
