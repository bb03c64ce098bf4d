import type { PeerTable } from '../peers/peer-table.ts';
import { BUBBLE_SPACING_MS, BUBBLE_WINDOW_MS, BUBBLES_MAX } from './constants.ts';
import type { Asked } from './contacts.ts';

/**
 * Whether a bubble, or a pair of a direct and an indirect one, may go to this peer now ('sent': it may).
 *
 * Departs from RFC 4380 §5.2.6 for peers that are trusted: the 2 s count from the last bubble, not from the last
 * transmission. A flow in one direction only would otherwise stand still for 2 s whenever the peer's 30 s of
 * validity end.
 *
 * Source: RFC 4380 §5.2.6: none within 2 s of the last transmission, none after 4 unanswered ones in 300 s
 *         (ledger CLI-82, CLI-83). We forget the count 300 s after the last bubble, never earlier.
 */
export function permission(peers: PeerTable, peer: number, now: number): Asked {
  if (isBudgetSpent(peers, peer, BUBBLES_MAX, now)) return 'spent';
  const lastAt = peers.trusted[peer] === 1 ? peers.lastBubbleAt[peer]! : peers.lastTransmissionAt[peer]!;
  return now < lastAt + BUBBLE_SPACING_MS ? 'later' : 'sent';
}

/** When a peer for which `permission` says 'later' is worth another try. */
export function askableAt(peers: PeerTable, peer: number, now: number): number {
  for (const lastAt of [peers.lastBubbleAt[peer]!, peers.lastTransmissionAt[peer]!]) {
    if (now < lastAt + BUBBLE_SPACING_MS) return lastAt + BUBBLE_SPACING_MS;
  }
  // Something else held it back: a rate.
  return now + BUBBLE_SPACING_MS;
}

/** Whether as many as `max` bubbles or tests have gone to this peer lately without an answer. */
export function isBudgetSpent(peers: PeerTable, peer: number, max: number, now: number): boolean {
  return peers.bubbles[peer]! >= max && now - peers.lastBubbleAt[peer]! < BUBBLE_WINDOW_MS;
}

/** Notes one bubble, or one pair, or one connectivity test (ledger CLI-84, CLI-93). */
export function countBubble(peers: PeerTable, peer: number, now: number): void {
  if (now - peers.lastBubbleAt[peer]! >= BUBBLE_WINDOW_MS) peers.bubbles[peer] = 0;
  peers.bubbles[peer] = Math.min(255, peers.bubbles[peer]! + 1);
  peers.lastBubbleAt[peer] = now;
  peers.lastTransmissionAt[peer] = now;
}
