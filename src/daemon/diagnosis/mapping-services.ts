import { randomBytes } from 'node:crypto';
import { MappingError, type MappingMethod, type MappingRequest, type Router } from '../../io/mapping/mapping.ts';
import { natPmp } from '../../io/mapping/nat-pmp.ts';
import { pcp } from '../../io/mapping/pcp.ts';
import { Upnp } from '../../io/mapping/upnp.ts';
import type { Ledger } from './ledger.ts';
import type { Solicitor } from './solicitor.ts';

/** For one farewell; a router that does not hear it forgets the mapping when its lifetime is over. */
const FAREWELL_MS = 1_500;

/** How one way to a port mapping went. */
export interface ServiceAnswer {
  readonly protocol: MappingMethod['protocol'];
  readonly method: MappingMethod;
  readonly value: 'yes' | 'no' | 'unknown';
  /** For "no" and "unknown": the router's words or our reason. */
  readonly reason: string;
  /** The router's own outer address. */
  readonly external: string | undefined;
}

/**
 * Asks the router for a mapping by each of its ways, of a port of ours that is open, and takes it back.
 *
 * Errors: none; when `signal` aborts, what was made is taken back all the same.
 */
export function askServices(
  router: Router,
  solicitor: Solicitor,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<ServiceAnswer[]> {
  const methods: readonly MappingMethod[] = [pcp, natPmp, new Upnp()];
  return Promise.all(
    methods.map(async (method): Promise<ServiceAnswer> => {
      const { protocol } = method;
      const via = await solicitor.open();
      const localPort = solicitor.port.localPort(via);
      try {
        const { address } = await borrow(
          method,
          { router, localPort, nonce: randomBytes(12) },
          ledger,
          signal,
          (granted) => {
            return Promise.resolve(granted);
          },
        );
        return { protocol, method, value: 'yes', reason: '', external: address };
      } catch (error) {
        const isSilence = !(error instanceof MappingError) || error.isSilence;
        const reason = error instanceof MappingError ? `it ${error.message}` : 'there was no time left to ask';
        return { protocol, method, value: isSilence ? 'unknown' : 'no', reason, external: undefined };
      }
    }),
  );
}

/** Has a port mapped for as long as `use` takes. Errors: as `MappingMethod.map`. */
export async function borrow<T>(
  method: MappingMethod,
  request: MappingRequest,
  ledger: Ledger,
  signal: AbortSignal,
  use: (granted: Awaited<ReturnType<MappingMethod['map']>>) => Promise<T>,
): Promise<T> {
  const { router, localPort } = request;
  ledger.note(router.gateway, `${method.protocol}: map UDP ${localPort}`);
  let isAnswered = false;
  try {
    const granted = await method.map(request, signal);
    isAnswered = true;
    return await use(granted);
  } finally {
    // An answer may have been lost, or come too late.
    if (isAnswered || (signal.aborted && method.mayHaveMapped !== false)) {
      ledger.note(router.gateway, `${method.protocol}: take back UDP ${localPort}`);
      await method.unmap(request, AbortSignal.timeout(FAREWELL_MS)).catch(() => {});
    }
  }
}
