/** Captures of the laboratory, and tshark's opinion of them. */
import { join } from 'node:path';
import { run } from './commands.ts';
import type { Namespace } from './namespaces.ts';

/** Tshark finds Teredo at port 3544 by itself and elsewhere only by this; checksums it verifies only when told. */
const READING = [
  '--enable-heuristic=teredo_udp',
  ...['ip', 'udp', 'tcp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]),
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

export class Capture {
  readonly file: string;
  readonly #stop: () => Promise<string>;

  private constructor(file: string, stop: () => Promise<string>) {
    this.file = file;
    this.#stop = stop;
  }

  /** Writes down every frame that comes into the namespace, in order; a router thus sees each frame once. */
  static async start(namespace: Namespace): Promise<Capture> {
    const file = join(namespace.network.directory, `${namespace.name}-${performance.now().toFixed(0)}.pcap`);
    const argv = ['tcpdump', '--immediate-mode', '-U', '-n', '-i', 'any', '-Q', 'in', '-Z', 'root', '-w', file];
    const process = namespace.start(argv);
    await process.printed(/listening on/);
    return new Capture(file, () => process.stop('SIGINT'));
  }

  /** Ends the capture; only then `findings` and `rows` see all of it. */
  async stop(): Promise<void> {
    await this.#stop();
  }

  /** One line for each frame that tshark calls malformed, in error, or of a bad checksum. */
  async findings(): Promise<string[]> {
    return lines(await run(['tshark', ...READING, '-r', this.file, '-Y', BAD]));
  }

  /** The fields of every frame that the filter lets through; a field of several layers is joined by commas. */
  async rows(filter: string, fields: readonly string[]): Promise<string[][]> {
    const argv = ['tshark', ...READING, '-r', this.file, '-Y', filter, '-T', 'fields'];
    const text = await run([...argv, ...fields.flatMap((field) => ['-e', field])]);
    return lines(text).map((line) => line.split('\t'));
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
