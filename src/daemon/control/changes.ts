import { z } from 'zod';
import { TeredoError } from '../../errors.ts';
import { parseIpv4 } from '../../wire/text.ts';
import { LOG_LEVELS, type LogLevel } from '../configuration/names.ts';
import { type Setting, Settings } from '../configuration/settings.ts';
import type { RoleStatus, TeredoType } from '../status/status.ts';
import { usage } from './usage.ts';

const CLIENT_TYPES: readonly TeredoType[] = ['client', 'enterpriseclient', 'natawareclient'];
const NAME = /^(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+$/;

/** What may be set while a process runs; a value of "default" takes back what was set before. */
const body = z.strictObject({
  type: z.enum(['client', 'enterpriseclient', 'natawareclient', 'server', 'relay', 'default', 'disabled']).optional(),
  server: z.union([z.literal('default'), z.string().refine(isServer, 'neither a host name nor an IPv4 address')]),
  refreshIntervalMs: z.union([z.literal('default'), z.int().min(5_000).max(600_000)]),
  port: z.union([z.literal('default'), z.int().min(1).max(65_535)]),
  logLevel: z.enum(['default', ...LOG_LEVELS]),
});
const partial = body.partial();

/** What was set since the process began, over what it was started with. It ends with the process. */
export interface Changes {
  readonly type?: TeredoType;
  /** A name or an IPv4 address. */
  readonly server?: string;
  readonly refreshIntervalMs?: number;
  readonly port?: number;
  readonly logLevel?: LogLevel;
}

export type Wanted = z.infer<typeof partial>;

/** Errors: TD-USAGE names the value and what is wrong with it. */
export function parseWanted(json: unknown): Wanted {
  const parsed = partial.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw usage(issue?.path.join('.') || 'set', issue?.message ?? 'not understood');
}

/**
 * What holds after `wanted` was set over `before`, in a process with this role.
 *
 * Errors: TD-SET-ROLE for what this role has not.
 */
export function changed(before: Changes, wanted: Wanted, role: RoleStatus['role']): Changes {
  const { type } = wanted;
  if (type !== undefined && type !== 'default' && type !== 'disabled' && !isTypeOf(type, role)) {
    const command = type === 'server' || type === 'relay' ? `teredo ${type}` : 'teredo client';
    throw new TeredoError(
      'TD-SET-ROLE',
      `this process is a ${role}, and cannot become a ${type}`,
      `stop it, and start "${command}"`,
    );
  }
  const alien = (['server', 'refreshIntervalMs'] as const).find((key) => wanted[key] !== undefined);
  if (role !== 'client' && alien !== undefined) {
    throw new TeredoError('TD-SET-ROLE', `a ${role} has no ${alien} to set`, 'only a client has');
  }
  if (role === 'server' && wanted.port !== undefined) {
    throw new TeredoError('TD-SET-ROLE', 'the port of a server is 3544 (RFC 4380 §2.7)', 'leave it');
  }
  const merged = { ...before, ...wanted };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== 'default')) as Changes;
}

/** What can change while a role runs. */
const LIVE: ReadonlySet<string> = new Set(['server', 'refreshIntervalMs', 'logLevel'] satisfies (keyof Changes)[]);

export function isLive(wanted: Wanted): boolean {
  return Object.keys(wanted).every((key) => LIVE.has(key));
}

/** Whether it needs no role that runs. */
export function isOfProcess(wanted: Wanted): boolean {
  return Object.keys(wanted).every((key) => key === ('logLevel' satisfies keyof Changes));
}

/** The settings of a process with what was set while it runs over them. */
export function overlay(
  settings: Settings,
  { server, refreshIntervalMs, port, type, logLevel }: Changes,
  role: string,
): Settings {
  const values = new Map<string, unknown>();
  // A second address that was configured belongs to the server that was.
  if (server !== undefined) values.set('client.servers', [server]).set('client.server_secondary', undefined);
  if (refreshIntervalMs !== undefined) values.set('client.refresh_interval', refreshIntervalMs / 1_000);
  if (port !== undefined) values.set(role === 'client' ? 'client.port' : 'relay.port', port);
  if (logLevel !== undefined) values.set('log.level', logLevel);
  if (type !== undefined && CLIENT_TYPES.includes(type)) values.set('client.type', type);
  const all = settings.all.map((setting): Setting => {
    const { path } = setting.key;
    return values.has(path)
      ? { ...setting, value: values.get(path), source: 'flag', name: 'teredo set', where: '' }
      : setting;
  });
  return new Settings(all, settings.file, settings.remarks);
}

function isTypeOf(type: TeredoType, role: RoleStatus['role']): boolean {
  return role === 'client' ? CLIENT_TYPES.includes(type) : type === (role === 'server' ? 'server' : 'relay');
}

function isServer(text: string): boolean {
  if (!/^[\d.]+$/.test(text)) return NAME.test(text);
  const ipv4 = parseIpv4(text);
  // The next address is to be a unicast one too.
  return ipv4 !== undefined && ipv4 >>> 24 !== 0 && ipv4 >>> 0 < 0xdfff_ffff;
}
