/** Captures of the laboratory, and tshark's opinion of them. */
import { join } from 'node:path';
import { run } from '../../src/lab/kernel/commands.ts';
import type { Namespace } from '../../src/lab/kernel/namespaces.ts';
import type { Process } from '../../src/lab/kernel/process.ts';
import { PORT as TRAIN_PORT } from './trains.ts';
import { PORT as TRANSFER_PORT } from './transfer.ts';

/** Tshark finds Teredo at port 3544 by itself and elsewhere only by this; checksums it verifies only when told. */
const READING = [
  '--enable-heuristic=teredo_udp',
  ...['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]),
  // Noise of a transfer must not be taken for some protocol, and a malformed one at that.
  ...[`tcp.port==${TRANSFER_PORT},data`, `udp.port==${TRAIN_PORT},data`].flatMap((rule) => ['-d', rule]),
];

/** Status 0 is "bad" in every dissector of Wireshark. */
const BAD = [
  '_ws.malformed',
  '_ws.expert.severity == "Error"',
  'ip.checksum.status == 0',
  'udp.checksum.status == 0',
  'tcp.checksum.status == 0',
  'icmpv6.checksum.status == 0',
].join(' || ');
/**
 * Linux itself completes a checksum of 0 as 0xffff, TCP's too (RFC 1624 §3 would have 0): the arithmetic is the same, and
 * one segment in 65,536 has it.
 */
const ZERO_WRITTEN_AS_ONES = 'tcp.checksum.ffff';

export class Capture {
  readonly file: string;
  readonly #process: Process;

  private constructor(file: string, process: Process) {
    this.file = file;
    this.#process = process;
  }

  /**
   * Writes down every frame that comes into the namespace, in order; a router thus sees each frame once. What is
   * `large` reaches the file late, and so is not for reading before `stop`.
   */
  static async start(namespace: Namespace, size: 'small' | 'large' = 'small'): Promise<Capture> {
    const file = join(namespace.network.directory, `${namespace.name}-${performance.now().toFixed(0)}.pcap`);
    // The kernel's buffer has a slot of the snapshot length (2048 octets) for each frame: 16 MiB hold 8192 frames.
    const small = ['--immediate-mode', '-U', '-s', '2048', '-B', '16384'];
    const large = ['-s', '2048', '-B', '524288'];
    const argv = [
      'tcpdump',
      ...(size === 'small' ? small : large),
      '-n',
      '-i',
      'any',
      '-Q',
      'in',
      '-Z',
      'root',
      '-w',
      file,
    ];
    const process = namespace.start(argv);
    await process.printed(/listening on/);
    return new Capture(file, process);
  }

  /** Ends the capture; only then `findings` and `rows` see all of it. An Error when frames are missing from it. */
  async stop(): Promise<void> {
    await this.#process.stop('SIGINT');
    const [, dropped] = await this.#process.printed(/(\d+) packets dropped by kernel/);
    if (dropped !== '0') throw new Error(`the capture lacks ${dropped} frames`);
  }

  /** One line for each frame that tshark calls malformed, in error, or of a bad checksum. */
  findings(): Promise<string[]> {
    return findings(this.file);
  }

  /** The fields of every frame that the filter lets through; a field of several layers is joined by commas. */
  async rows(filter: string, fields: readonly string[]): Promise<string[][]> {
    const argv = ['tshark', ...READING, '-r', this.file, '-Y', filter, '-T', 'fields'];
    const text = await run([...argv, ...fields.flatMap((field) => ['-e', field])]);
    return lines(text).map((line) => line.split('\t'));
  }
}

/** One line for each frame of a file that tshark calls malformed, in error, or of a bad checksum. */
export async function findings(file: string): Promise<string[]> {
  return lines(await run(['tshark', ...READING, '-r', file, '-Y', `(${BAD}) && !(${ZERO_WRITTEN_AS_ONES})`]));
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
