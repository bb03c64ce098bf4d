import { createSocket, type Socket } from 'node:dgram';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoint } from '../../roles/role.ts';
import { formatIpv4, parseIpv4 } from '../../wire/text.ts';

/** UPnP Device Architecture 1.1 §1.3. */
const GROUP = '239.255.255.250';
const PORT = 1900;
const DEVICE = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';
const SERVICE = 'urn:schemas-upnp-org:service:WANIPConnection:1';
/** Octets of a request at most. */
const REQUEST_MAX = 1 << 16;
/** UPnP WANIPConnection:1 §2.4.16 to §2.4.18. */
const NO_SUCH_ENTRY = 714;
const CONFLICT = 718;
const INVALID_ACTION = 401;

/** The NAT that a gateway device speaks for. */
export interface MappingNat {
  readonly external: string;
  /** False: another host has the port. */
  add(inside: Endpoint): boolean;
  remove(port: number): boolean;
  /** Who has the port on request. */
  find(port: number): Endpoint | undefined;
}

/** The fields of an answer as XML, or the number of an error. */
type Answer = string | number;

/**
 * An Internet Gateway Device (UPnP IGD 1) as small as clients allow: search, description, and the four actions of
 * RFC 6081 §5.3.3. A host maps ports to itself only, each to the same number.
 *
 * It hears its own LAN, a /24, and nobody else.
 */
export class GatewayDevice {
  readonly #address: string;
  readonly #nat: MappingNat;
  readonly #search: Socket;
  readonly #server: Server;

  constructor(address: string, nat: MappingNat) {
    this.#address = address;
    this.#nat = nat;
    this.#search = createSocket({ type: 'udp4', reuseAddr: true });
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, this.#address, resolve);
    });
    this.#search.on('message', (request, { address, port }) => this.#answerSearch(request.toString(), address, port));
    await new Promise<void>((resolve, reject) => {
      this.#search.once('error', reject).bind(PORT, resolve);
    });
    this.#search.addMembership(GROUP, this.#address);
  }

  close(): void {
    this.#search.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answerSearch(request: string, from: string, port: number): void {
    if (!request.startsWith('M-SEARCH * HTTP/1.1\r\n') || !request.includes(DEVICE) || !this.#isOnLan(from)) return;
    const { port: http } = this.#server.address() as AddressInfo;
    const lines = [
      'HTTP/1.1 200 OK',
      'CACHE-CONTROL: max-age=120',
      'EXT:',
      `LOCATION: http://${this.#address}:${http}/description.xml`,
      `ST: ${DEVICE}`,
      `USN: uuid:7e7ed000-0000-4000-8000-000000000001::${DEVICE}`,
    ];
    this.#search.send(`${lines.join('\r\n')}\r\n\r\n`, port, from);
  }

  #isOnLan(address: string): boolean {
    return address.slice(0, address.lastIndexOf('.')) === this.#address.slice(0, this.#address.lastIndexOf('.'));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Content-Type', 'text/xml; charset="utf-8"');
    if (request.url === '/description.xml') {
      response.end(DESCRIPTION);
      return;
    }
    const action = /#(\w+)"?$/.exec(String(request.headers.soapaction))?.[1] ?? '';
    const body = await bodyOf(request);
    const field = (name: string) => new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
    const answer = this.#act(action, field, request.socket.remoteAddress ?? '');
    response.statusCode = typeof answer === 'number' ? 500 : 200;
    response.end(envelope(action, answer));
  }

  #act(action: string, field: (name: string) => string, from: string): Answer {
    const port = Number(field('NewExternalPort'));
    switch (action) {
      case 'GetExternalIPAddress':
        return `<NewExternalIPAddress>${this.#nat.external}</NewExternalIPAddress>`;
      case 'AddPortMapping': {
        const isToItself = field('NewInternalClient') === from && Number(field('NewInternalPort')) === port;
        return isToItself && this.#nat.add({ ipv4: parseIpv4(from) ?? 0, port }) ? '' : CONFLICT;
      }
      case 'DeletePortMapping':
        return this.#nat.remove(port) ? '' : NO_SUCH_ENTRY;
      case 'GetSpecificPortMappingEntry': {
        const owner = this.#nat.find(port);
        return owner === undefined
          ? NO_SUCH_ENTRY
          : `<NewInternalClient>${formatIpv4(owner.ipv4)}</NewInternalClient><NewInternalPort>${owner.port}</NewInternalPort>`;
      }
      default:
        return INVALID_ACTION;
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of request) {
    body += String(part);
    if (body.length > REQUEST_MAX) break;
  }
  return body;
}

function envelope(action: string, answer: Answer): string {
  const inside =
    typeof answer === 'number'
      ? `<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${answer}</errorCode></UPnPError></detail></s:Fault>`
      : `<u:${action}Response xmlns:u="${SERVICE}">${answer}</u:${action}Response>`;
  return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${inside}</s:Body></s:Envelope>`;
}

const DESCRIPTION = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <device><deviceType>${DEVICE}</deviceType><friendlyName>NAT of the laboratory</friendlyName><serviceList>
    <service><serviceType>${SERVICE}</serviceType><controlURL>/control</controlURL></service>
  </serviceList></device>
</root>
`;
