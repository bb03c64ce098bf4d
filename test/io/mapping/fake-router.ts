import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from '../../../src/io/mapping/mapping.ts';

/** A router on a loopback address of its own, which says whatever a test wants it to say. */
export class FakeRouter {
  readonly router: Router;
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  readonly #sockets: Socket[] = [];
  #server: Server | undefined;
  static #next = 1;

  constructor() {
    // Not everything else on this machine listens on its ports here.
    const gateway = `127.83.${process.pid & 0xff}.${FakeRouter.#next++}`;
    this.router = { gateway, local: '127.0.0.1' };
  }

  /** PCP and NAT-PMP: each datagram, and all that is sent back. */
  async answers(answer: (request: Buffer) => readonly Uint8Array[]): Promise<void> {
    await this.#listen(5351, this.router.gateway, answer);
  }

  /** UPnP: `page` answers HTTP; `location`, unless given, is where it does. Gives the port of HTTP. */
  async serves(page: RequestListener, location?: string, from = this.router.gateway): Promise<number> {
    this.#server = createServer(page);
    this.#server.listen(0, this.router.gateway);
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    const where = location ?? `http://${this.router.gateway}:${port}/description.xml`;
    const type = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';
    const answer = `HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: ${type}\r\nLocation: ${where}\r\nEXT:\r\n\r\n`;
    const liar = from === this.router.gateway ? undefined : createSocket('udp4').bind(1900, from);
    if (liar !== undefined) this.#sockets.push(liar);
    await this.#listen(1900, this.router.gateway, (request, port) => {
      if (!request.toString().startsWith('M-SEARCH * HTTP/1.1\r\n')) return [];
      liar?.send(answer, port, this.router.local);
      return liar === undefined ? [Buffer.from(answer)] : [];
    });
    return port;
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  async #listen(port: number, ipv4: string, answer: (request: Buffer, port: number) => readonly Uint8Array[]) {
    const socket = createSocket('udp4');
    this.#sockets.push(socket);
    socket.on('message', (request, from) => {
      for (const datagram of answer(request, from.port)) socket.send(datagram, from.port, from.address);
    });
    socket.bind(port, ipv4);
    await once(socket, 'listening');
  }
}

/** The answer of an honest PCP router, to be made worse: RFC 6887 §11.1. */
export function pcpAnswer(request: Buffer, changes: (answer: Buffer) => void = () => {}): Uint8Array[] {
  if (request[0] !== 2) return [];
  const answer = Buffer.from(request);
  answer[1] = 0x81;
  answer.fill(0, 8, 24);
  answer.writeUInt16BE(request.readUInt16BE(40), 42);
  answer.set([198, 51, 100, 7], 56);
  changes(answer);
  return [answer];
}

/** The answer of an honest NAT-PMP router that does not know PCP: RFC 6886 §3.2, §3.3, §3.5. */
export function natPmpAnswer(request: Buffer, address = [198, 51, 100, 7], result = 0): Uint8Array[] {
  const answer = Buffer.alloc(request[1] === 0 ? 12 : 16);
  answer[1] = 128 | request[1]!;
  if (request[0] !== 0) {
    answer[3] = 1;
    return [answer.subarray(0, 8)];
  }
  answer.writeUInt16BE(result, 2);
  if (request[1] === 0) {
    answer.set(address, 8);
  } else {
    answer.set(request.subarray(4, 6), 8);
    answer.set(request.subarray(6, 8), 10);
    answer.set(request.subarray(8, 12), 12);
  }
  return [answer];
}

export type Actions = Readonly<Record<string, (field: (name: string) => string) => string | number>>;

export interface IgdOptions {
  readonly service?: string;
  readonly control?: string;
  readonly base?: string;
}

/** An Internet Gateway Device: an action gives the fields of its answer, or the number of an error. */
export function igd(fake: FakeRouter, actions: Actions, options: IgdOptions = {}): RequestListener {
  const { service = 'WANIPConnection:1', control = '/control', base } = options;
  const type = `urn:schemas-upnp-org:service:${service}`;
  return (request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      if (request.url === '/description.xml') return response.end(description(type, control, base));
      const action = /#(\w+)"$/.exec(String(request.headers.soapaction))?.[1] ?? '';
      const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? 'missing';
      fake.asked.push(action);
      const answer = actions[action]?.(field) ?? 401;
      response.statusCode = typeof answer === 'number' ? 500 : 200;
      const inside =
        typeof answer === 'number'
          ? `<s:Fault><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${answer}</errorCode><errorDescription>Because</errorDescription></UPnPError></detail></s:Fault>`
          : `<u:${action}Response xmlns:u="${type}">${answer}</u:${action}Response>`;
      return response.end(`<?xml version="1.0"?><s:Envelope><s:Body>${inside}</s:Body></s:Envelope>`);
    });
  };
}

export const honest: Actions = {
  AddPortMapping: () => '',
  DeletePortMapping: () => '',
  GetExternalIPAddress: () => '<NewExternalIPAddress>198.51.100.7</NewExternalIPAddress>',
  GetSpecificPortMappingEntry: () => '<NewInternalClient>127.0.0.1</NewInternalClient>',
};

function description(type: string, control: string, base?: string): string {
  return `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">${base === undefined ? '' : `<URLBase>${base}</URLBase>`}
  <device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><deviceList><device><deviceList><device>
    <serviceList>
      <service><serviceType>urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1</serviceType><controlURL>/other</controlURL></service>
      <service><serviceType>${type}</serviceType><controlURL>${control}</controlURL></service>
    </serviceList>
  </device></deviceList></device></deviceList></device>
</root>`;
}
