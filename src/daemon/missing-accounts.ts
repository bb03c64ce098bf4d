import { TeredoError } from '../errors.ts';

/** The user that a process shall become is not there. */
export function noUser(user: string): TeredoError {
  const fix = `make it ("useradd --system --no-create-home ${user}"), or name another one`;
  return new TeredoError('TD-USER', `there is no user ${user} on this host`, fix);
}

/** The group that shall own the control socket is not there. */
export function noGroup(group: string): TeredoError {
  return new TeredoError('TD-CONTROL-GROUP', `there is no group "${group}"`, `groupadd --system ${group}`);
}
