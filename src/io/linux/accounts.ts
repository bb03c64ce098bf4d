import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from './capabilities.ts';

/** A user of this host as /etc/passwd and /etc/group tell; undefined: there is none of this name. */
export function findAccount(name: string): Account | undefined {
  const entry = lines('/etc/passwd').find(([user]) => user === name);
  const uid = Number(entry?.[2]);
  const gid = Number(entry?.[3]);
  if (entry === undefined || !Number.isInteger(uid) || !Number.isInteger(gid)) return undefined;
  const others = lines('/etc/group').flatMap(([, , id, members = '']) =>
    members.split(',').includes(name) && Number.isInteger(Number(id)) ? [Number(id)] : [],
  );
  return { name, uid, gid, groups: [...new Set([gid, ...others])] };
}

/** The name of a user of this host, or its number. */
export function nameOfUser(uid: number): string {
  return lines('/etc/passwd').find(([, , id]) => Number(id) === uid)?.[0] ?? String(uid);
}

/** Whether this user exists for the kernel too: in a container or a user namespace only some numbers do. */
export function isMapped({ uid, gid, groups }: Account): boolean {
  const within = (path: string, id: number) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(([first = 0, , count = 0]) => id >= first && id < first + count);
  return within('/proc/self/uid_map', uid) && [gid, ...groups].every((id) => within('/proc/self/gid_map', id));
}

/** Whether the user may read the file, by the rights of it and of every folder above. */
export function mayRead(account: Account, path: string): boolean {
  const READ = 4;
  const ENTER = 1;
  for (let [at, wanted] = [path, READ]; ; [at, wanted] = [dirname(at), ENTER]) {
    const { mode, uid, gid } = statSync(at);
    const shift = uid === account.uid ? 6 : account.groups.includes(gid) ? 3 : 0;
    if (((mode >> shift) & wanted) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function lines(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}
