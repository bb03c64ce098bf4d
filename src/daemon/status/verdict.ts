import type { RoleStatus, State } from './status.ts';

/** States in which a role does its work, or rests as it should. */
const WELL: readonly State[] = ['qualified', 'dormant', 'online'];

type Judged = Pick<RoleStatus, 'state' | 'type'> & Partial<Pick<RoleStatus, 'announcement' | 'error'>>;

export function isWell(roles: readonly Judged[], answers: boolean): boolean {
  if (roles.some(({ announcement }) => (announcement ?? null) !== null && announcement?.state !== 'announced')) {
    return false;
  }
  if (roles.some(({ state }) => !WELL.includes(state))) return false;
  if (roles.some(({ state, error }) => state === 'online' && (error ?? null) !== null)) return false;
  return answers || roles.every(({ state }) => state === 'dormant');
}

/** One sentence for each role; the first words are the state, so that people and programs find it. */
export function verdict(roles: readonly RoleStatus[], answers: boolean): string {
  const sentences = roles.map(sentence);
  const isRunning = roles.some(({ state }) => state !== 'offline' && state !== 'dormant');
  if (isRunning && !answers) sentences.push('The thread that carries packets does not answer.');
  return sentences.join(' ');
}

function sentence(role: RoleStatus): string {
  return role.role === 'client' ? ofClient(role) : ofOther(role);
}

function ofClient({ state, type, address, server, error, nat }: RoleStatus): string {
  const name = server === null ? 'a server' : server.name;
  if (state === 'qualified') {
    const behind = nat?.type === 'symmetric' ? ' behind a symmetric NAT' : '';
    return `Client qualified: this host has the IPv6 address ${address ?? 'unknown'}${behind}.`;
  }
  if (state === 'dormant') return 'Client dormant: it qualifies when the first packet wants to leave.';
  if (state.startsWith('probe')) return `Client not yet qualified: waiting for an answer of ${name}.`;
  if (type === 'disabled') return 'Client offline: it is disabled.';
  return error === null ? 'Client offline.' : `Client offline: ${error.message}.`;
}

function ofOther({ role, state, error, listens, interface: name, announcement }: RoleStatus): string {
  const who = role === 'server' ? 'Server' : role === 'relay' ? 'Relay' : 'Host-specific relay';
  if (state === 'draining' && announcement !== null) {
    return `${who} draining: 2001::/32 is withdrawn, what still comes is served.`;
  }
  if (state === 'draining') return `${who} draining: it begins nothing new, and ends soon.`;
  if (state !== 'online') return error === null ? `${who} offline.` : `${who} offline: ${error.message}.`;
  if (error !== null) return `${who} online, but ${error.message}.`;
  if (role === 'server') return `Server online: it answers clients on ${listens.join(' and ')}.`;
  if (announcement?.state === 'withdrawn') {
    return `${who} online, but it announces nothing: ${announcement.reason ?? 'it was told so'}.`;
  }
  const whom = role === 'relay' ? 'what this host forwards' : 'this host';
  return `${who} online: 2001::/32 leads into ${name ?? 'its interface'} for ${whom}.`;
}
