import { readdirSync, readFileSync } from 'node:fs';

/** The rights of one thread as the kernel tells them. */
export interface ThreadRights {
  readonly id: string;
  readonly name: string;
  /** Real, effective, saved and of the file system. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** One bit for each capability. */
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
  /** No program that it starts gets more rights than it has; undefined: this kernel does not tell. */
  readonly noNewPrivileges: boolean | undefined;
}

/** The rights of every thread of a process: "self" or its id. A thread that ends meanwhile is left out. */
export function threadsOf(process: string): ThreadRights[] {
  const folder = `/proc/${process}/task`;
  return readdirSync(folder).flatMap((id) => {
    try {
      return [parse(id, readFileSync(`${folder}/${id}/status`, 'utf8'))];
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  });
}

/** Of one process or thread: "self", "thread-self" or an id. */
export function capabilitiesOf(process: string): ThreadRights {
  return parse(process, readFileSync(`/proc/${process}/status`, 'utf8'));
}

function parse(id: string, status: string): ThreadRights {
  const fields = new Map(
    status.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const mask = (name: string) => BigInt(`0x${fields.get(name) ?? '0'}`);
  const numbers = (name: string) => (fields.get(name) ?? '').split(/\s+/).map(Number);
  const noNew = fields.get('NoNewPrivs');
  return {
    id,
    name: fields.get('Name') ?? '',
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    permitted: mask('CapPrm'),
    effective: mask('CapEff'),
    inheritable: mask('CapInh'),
    ambient: mask('CapAmb'),
    noNewPrivileges: noNew === undefined ? undefined : noNew === '1',
  };
}
