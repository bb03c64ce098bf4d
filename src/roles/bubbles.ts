import type { PeerTable } from '../peers/peer-table.ts';
import { BUBBLE_SPACING_MS, BUBBLE_WINDOW_MS, BUBBLES_MAX } from './constants.ts';

/**
 * Whether a bubble, or a pair of a direct and an indirect one, may go to this peer now.
 *
 * Source: RFC 4380 §5.2.6: none within 2 s of the last transmission, none after 4 unanswered ones in 300 s
 *         (ledger CLI-82, CLI-83). We forget the count 300 s after the last bubble, never earlier.
 */
export function mayBubble(peers: PeerTable, peer: number, now: number): boolean {
  return now - peers.lastTransmissionAt[peer]! >= BUBBLE_SPACING_MS && hasBudget(peers, peer, now);
}

/**
 * Whether a trusted peer that has been silent for a while may get a bubble although data went to it just now.
 *
 * Departs from RFC 4380 §5.2.6: the 2 s count from the last bubble, not from the last transmission. A flow in one
 * direction only would otherwise stand still for 2 s whenever the peer's 30 s of validity end.
 */
export function mayRevalidate(peers: PeerTable, peer: number, now: number): boolean {
  return now - peers.lastBubbleAt[peer]! >= BUBBLE_SPACING_MS && hasBudget(peers, peer, now);
}

/** Notes one bubble, or one pair (ledger CLI-84). */
export function countBubble(peers: PeerTable, peer: number, now: number): void {
  if (now - peers.lastBubbleAt[peer]! >= BUBBLE_WINDOW_MS) peers.bubbles[peer] = 0;
  peers.bubbles[peer] = Math.min(255, peers.bubbles[peer]! + 1);
  peers.lastBubbleAt[peer] = now;
  peers.lastTransmissionAt[peer] = now;
}

function hasBudget(peers: PeerTable, peer: number, now: number): boolean {
  return peers.bubbles[peer]! < BUBBLES_MAX || now - peers.lastBubbleAt[peer]! >= BUBBLE_WINDOW_MS;
}
