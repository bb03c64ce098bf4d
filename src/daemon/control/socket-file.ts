import { lchownSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { TeredoError } from '../../errors.ts';
import { noGroup } from '../missing-accounts.ts';

/** Owner and group may ask and command, others not. */
const UMASK = 0o117;
const FOLDER_MODE = 0o755;
/** The group that may, where the host has it. */
export const CONTROL_GROUP = 'teredo';
const ANSWER_MS = 2_000;

/**
 * Has `server` listen on a socket file, which is there at once with the right owner and mode, or not at all.
 *
 * The folder may belong to the user that root becomes, and root may start again in it: nothing here follows a link
 * that this user could have put in the file's place.
 *
 * Shape:  a file that a dead process left behind is taken over. Gives the function that takes the file away again.
 * Errors: TD-ALREADY-RUNNING names the process that answers there; TD-CONTROL-SOCKET when the system refuses.
 */
export async function listenOn(server: Server, path: string, group: string | undefined): Promise<() => void> {
  // The kernel takes 107 octets at most, and cuts what is longer without a word.
  if (Buffer.byteLength(path) > 100) throw refused(path, 'the name is too long for a socket', 'choose a shorter one');
  const fresh = join(dirname(path), `.${process.pid}.sock`);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    rmSync(fresh, { force: true });
    await listening(server, fresh);
    own(fresh, group);
    await place(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    server.close();
    if (error instanceof TeredoError) throw error;
    throw refused(
      path,
      (error as Error).message,
      'run as root, name another place by --control-socket, or --no-control',
    );
  }
  rmSync(fresh, { force: true });
  const inode = statSync(path).ino;
  return () => {
    try {
      // What another process put there in the meantime stays.
      if (statSync(path, { throwIfNoEntry: false })?.ino === inode) rmSync(path, { force: true });
    } catch {
      // In a folder of root's, by who has given up root's rights: the next one takes the file over.
    }
  };
}

/** Gives `fresh` the name `path`, unless a living process has it. */
async function place(fresh: string, path: string): Promise<void> {
  if (linkIfFree(fresh, path)) return;
  // Out of the way first: whoever starts at this very moment must not see its new file taken for the old one.
  const aside = `${fresh}.old`;
  renameSync(path, aside);
  try {
    if (await isAlive(aside)) {
      linkIfFree(aside, path);
      throw await alreadyRunning(path);
    }
    if (!linkIfFree(fresh, path)) throw await alreadyRunning(path);
  } finally {
    rmSync(aside, { force: true });
  }
}

function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The file is made within this call, with its mode: "chmod" would go by a name that may lead elsewhere by then.
    const before = process.umask(UMASK);
    try {
      server.listen(path, () => {
        server.removeListener('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** Whether somebody listens on a socket file, or may: who must not ask cannot know. */
export function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Busy is alive; refused is dead; whatever is no socket at all is nobody's.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EAGAIN' || code === 'EACCES'));
  });
}

async function alreadyRunning(path: string): Promise<TeredoError> {
  const pid = await pidBehind(path);
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  const how = pid === undefined ? 'stop it first' : `stop it ("kill ${pid}")`;
  return new TeredoError(
    'TD-ALREADY-RUNNING',
    `teredo runs already: ${who} holds ${path}`,
    `${how}, or give this one another --interface`,
  );
}

/** The process that serves a control socket; undefined: it does not say. */
function pidBehind(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, path: '/v1/process', timeout: ANSWER_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve(pidIn(text)));
    });
    asking.once('timeout', () => asking.destroy());
    asking.once('error', () => resolve(undefined));
    asking.end();
  });
}

function pidIn(text: string): number | undefined {
  try {
    const { pid } = JSON.parse(text) as { pid?: unknown };
    return typeof pid === 'number' ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The usual group is given when there is one and we may; one that was asked for must be there. */
function own(path: string, group: string | undefined): void {
  const id = groupId(group ?? CONTROL_GROUP);
  if (id === undefined) {
    if (group === undefined) return;
    throw noGroup(group);
  }
  try {
    lchownSync(path, -1, id);
  } catch (error) {
    if (group !== undefined) throw error;
  }
}

/** From the file that every Linux has; undefined: no such group. */
export function groupId(name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const lines = readFileSync('/etc/group', 'utf8').split('\n');
  const id = lines.map((line) => line.split(':')).find(([found]) => found === name)?.[2];
  return id === undefined ? undefined : Number(id);
}

function refused(path: string, reason: string, next: string): TeredoError {
  return new TeredoError('TD-CONTROL-SOCKET', `cannot open the control socket ${path}: ${reason}`, next);
}
