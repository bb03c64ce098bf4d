import { spawn } from 'node:child_process';
import { TeredoError } from '../../errors.ts';
import { succeeds } from './commands.ts';
import { PROGRAM } from './teredo.ts';

/** Programs of the system that the laboratory runs, and the Debian packages they come from. */
const PROGRAMS: readonly (readonly [argv: readonly string[], from: string])[] = [
  [['unshare', '--version'], 'util-linux'],
  [['ip', '-V'], 'iproute2'],
  [['ping', '-V'], 'iputils-ping'],
  [['sysctl', '--version'], 'procps'],
];

/**
 * New namespaces for network, mounts and processes. Whatever becomes of the laboratory, the kernel ends all of it with
 * the last process of the sandbox: interfaces, names, files and processes.
 */
const ISOLATED = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Names of namespaces and temporary files lie in a file system of the sandbox's own. */
const PRIVATE_RUN = 'mount -t tmpfs tmpfs /run && TMPDIR=/run exec "$@"';

/**
 * Runs a command line of ours in a sandbox, with the standard output and error of this process.
 *
 * The sandbox ends when its standard input does, so that it ends with this process, however that ends.
 *
 * Units:  gives the exit status.
 * Errors: TeredoError that says what the machine lacks.
 */
export async function runInSandbox(argv: readonly string[], stop: AbortSignal): Promise<number> {
  const sandbox = sandboxCommand();
  const child = spawn(sandbox[0]!, [...sandbox.slice(1), process.execPath, PROGRAM, ...argv], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  child.stdin!.on('error', () => {}); // It has ended by itself.
  const end = () => child.stdin!.end();
  if (stop.aborted) end();
  stop.addEventListener('abort', end);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (status) => resolve(status ?? 1));
    });
  } finally {
    stop.removeEventListener('abort', end);
  }
}

/** The words before a command that put it into a sandbox. */
function sandboxCommand(): string[] {
  if (process.platform !== 'linux') {
    throw new TeredoError('TD-LAB-KERNEL', `--kernel needs Linux, not ${process.platform}`, 'leave --kernel away');
  }
  for (const [argv, from] of PROGRAMS) {
    if (!succeeds(argv)) {
      throw new TeredoError('TD-LAB-KERNEL', `--kernel needs the program "${argv[0]}"`, `install the package ${from}`);
    }
  }
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const command = ['unshare', ...asRoot, ...ISOLATED, 'sh', '-c', PRIVATE_RUN, 'sh'];
  if (!succeeds([...command, 'true'])) {
    throw new TeredoError(
      'TD-LAB-KERNEL',
      asRoot.length === 0
        ? 'this system lets not even root make namespaces of its own'
        : 'this system lets only root make namespaces',
      asRoot.length === 0
        ? 'in a container: run it with --privileged'
        : 'run as root, or allow it ("sysctl kernel.apparmor_restrict_unprivileged_userns=0" on Ubuntu)',
    );
  }
  if (!succeeds([...command, 'ip', 'tuntap', 'add', 'mode', 'tun', 'name', 'probe'])) {
    throw new TeredoError(
      'TD-LAB-KERNEL',
      '--kernel needs /dev/net/tun, and the right to use it',
      'load the module ("modprobe tun"); in a container, hand the device in ("--device /dev/net/tun")',
    );
  }
  return command;
}
