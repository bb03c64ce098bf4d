import { parse, type Trailers } from '../../../wire/trailer.ts';
import { Case, type CaseCounters } from '../../case.ts';

/** Counts the trailers of RFC 6081 in a bubble of ours that is written from its packet's end at `at` to `end`. */
export function countSent(cases: CaseCounters, bytes: Uint8Array, at: number, end: number): void {
  if (at === end) return;
  const trailers = parse(bytes, at, end);
  if (typeof trailers === 'number') return;
  if (trailers.nonce !== undefined) cases[Case.NoncesSent]!++;
  if (trailers.alternates !== undefined) cases[Case.AlternateAddressesSent]!++;
  if (trailers.discovery === 'solicitation') cases[Case.DirectSolicitationsSent]!++;
  if (trailers.discovery === 'advertisement') cases[Case.DirectAdvertisementsSent]!++;
  if (trailers.randomPort !== undefined) cases[Case.RandomPortsSent]!++;
  if (trailers.server !== undefined) cases[Case.ServerAddressesSent]!++;
}

/** Counts the trailers of a datagram that is for us. */
export function countReceived(cases: CaseCounters, trailers: Trailers): void {
  if (trailers.nonce !== undefined) cases[Case.NoncesReceived]!++;
  if (trailers.alternates !== undefined) cases[Case.AlternateAddressesReceived]!++;
  if (trailers.discovery === 'solicitation') cases[Case.DirectSolicitationsReceived]!++;
  if (trailers.discovery === 'advertisement') cases[Case.DirectAdvertisementsReceived]!++;
  if (trailers.randomPort !== undefined) cases[Case.RandomPortsReceived]!++;
  if (trailers.server !== undefined) cases[Case.ServerAddressesReceived]!++;
}
