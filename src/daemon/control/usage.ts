import { TeredoError } from '../../errors.ts';

/** A question that cannot be meant. */
export function usage(what: string, reason: string): TeredoError {
  return new TeredoError('TD-USAGE', `${what}: ${reason}`, 'see "teredo --help"');
}
