import { ask, type HttpAnswer } from './http.ts';
import { MappingError, type Router } from './mapping.ts';
import { all, parse, textOf } from './xml.ts';

/** A service of the router: where it is and what it is. */
export interface Service {
  readonly router: Router;
  readonly type: string;
  readonly control: URL;
}

/** The router understood and said no. */
export class SoapError extends MappingError {
  /** For instance 718 (UPnP WANIPConnection:1 §2.4.16). */
  readonly code: number;

  constructor(code: number, description: string) {
    super(`refuses (${code}${description === '' ? '' : ` ${description}`})`);
    this.code = code;
  }
}

/**
 * Calls an action of a service (UPnP Device Architecture 1.1 §3.2).
 *
 * Shape:  `values` are in the order of the service's description; gives a reader of the values that come back.
 * Errors: SoapError when the router refuses, MappingError when it makes no sense, or the reason of `signal`.
 */
export async function call(
  service: Service,
  action: string,
  values: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
): Promise<(name: string) => string | undefined> {
  const { router, type, control } = service;
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  const body = `<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">\
<s:Body><u:${action} xmlns:u="${type}">${fields.join('')}</u:${action}></s:Body></s:Envelope>\r\n`;
  const headers = { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${type}#${action}"` };
  return read(await ask(router, control, signal, { headers, body }), action);
}

function read({ status, text }: HttpAnswer, action: string): (name: string) => string | undefined {
  const document = parse(text);
  const fault = document === undefined ? undefined : all(document, 'UPnPError')[0];
  if (fault !== undefined) {
    const description = (textOf(fault, 'errorDescription') ?? '').replace(/[^ -~]/g, '?').slice(0, 80);
    throw new SoapError(Number(textOf(fault, 'errorCode')) || 0, description);
  }
  const answer = document === undefined ? undefined : all(document, `${action}Response`)[0];
  if (status !== 200 || answer === undefined)
    throw new MappingError(`answers ${action} with nonsense (HTTP ${status})`);
  return (name) => textOf(answer, name);
}
