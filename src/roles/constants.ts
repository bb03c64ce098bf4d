/** Numbers of the roles. First block: from the RFCs. Second block: our own, each with its reason. */

// ---- RFC 4380, 5991, 6081 -------------------------------------------------------------------------------------

/** RFC 4380 §2.7: the UDP port of Teredo servers. */
export const SERVER_PORT = 3544;
/** RFC 4380 §2.17: 224.0.0.253, as an int32. */
export const DISCOVERY_IPV4 = 0xe00000fd | 0;
/** RFC 4380 §5.2.1: T, the wait for a router advertisement. */
export const SOLICITATION_TIMEOUT_MS = 4_000;
/** RFC 4380 §5.2.1: N; we read it as transmissions per phase (ledger CLI-12). */
export const SOLICITATIONS_MAX = 3;
/** RFC 4380 §5.2. */
export const REFRESH_INTERVAL_MS = 30_000;
/** RFC 4380 §5.2.4: an entry of the list of recent peers is valid this long after the last reception. */
export const PEER_VALIDITY_MS = 30_000;
/** RFC 4380 §5.2.4 (3): how long a peer heard by local discovery is remembered. */
export const LOCAL_PEER_MEMORY_MS = 600_000;
/** RFC 4380 §5.2.6: no bubble to a peer this soon after the last transmission. */
export const BUBBLE_SPACING_MS = 2_000;
/** RFC 4380 §5.2.6: at most this many unanswered bubbles ... */
export const BUBBLES_MAX = 4;
/** ... in this time. */
export const BUBBLE_WINDOW_MS = 300_000;
/** RFC 4380 §5.2.4, §5.4.1: wait before a bubble or a connectivity test is repeated. */
export const ANSWER_TIMEOUT_MS = 2_000;
/** RFC 4380 §5.2.8: discovery bubbles leave at random in this range. */
export const DISCOVERY_INTERVAL_MIN_MS = 200_000;
export const DISCOVERY_INTERVAL_MAX_MS = 300_000;
/** RFC 4380 §5.1.2. */
export const MTU = 1280;

// ---- Our own --------------------------------------------------------------------------------------------------

/** Local sockets of a client, the `via` of a batch: the service port; the secondary port; discovery (224.0.0.253:3544). */
export const VIA_SERVICE = 0;
export const VIA_SECONDARY = 1;
export const VIA_DISCOVERY = 2;
/** The first of the local sockets with random ports (RFC 6081 §5.4), and how many there may be at a time. */
export const VIA_RANDOM = 3;
export const VIA_RANDOM_MAX = 16;
/** Local sockets of a server: port 3544 of its first and of its second address. */
export const VIA_PRIMARY_ADDRESS = 0;
export const VIA_SECONDARY_ADDRESS = 1;
/** The port of a relay unless told otherwise; Miredo's samples name it too. */
export const RELAY_PORT = 3545;
/** Hop limit of bubbles and connectivity tests: what Windows sends (ledger W-10). */
export const BUBBLE_HOP_LIMIT = 21;
/**
 * A trusted peer that we send to and that has been silent for so long is asked to show itself while packets still
 * go to it, so that a flow in one direction never waits (RFC 4380 §5.2.4 would end its validity at 30 s).
 */
export const REVALIDATION_MS = 25_000;
/** First bubble or test and up to three repeats (RFC 4380 §5.2.4). */
export const ATTEMPTS_MAX = 4;
/** Tests that strangers can cause, per address: one less (RFC 4380 §7.3.3). */
export const ATTEMPTS_FOR_STRANGERS_MAX = 3;
/** A reply that comes later than this after the last test proves nothing, in ms: Miredo's figure (ledger CLI-65). */
export const TEST_VALIDITY_MS = 30_000;
/** Pause before an off-line client qualifies again: doubles from the first to the last. */
export const RETRY_PAUSE_MIN_MS = 4_000;
export const RETRY_PAUSE_MAX_MS = 60_000;
/** A client on demand that carried no packet for so long is dormant again. */
export const IDLE_MS = 3_600_000;
/** Largest ICMPv6 message a server carries, in octets: Miredo's and, it is said, Microsoft's bound (ledger CLI-91, SRV-23). */
export const CARRIED_ICMPV6_MAX = 88;
/** Wait for each answer while the NAT is identified, in ms, and tries of each question. */
export const IDENTIFICATION_TIMEOUT_MS = 2_000;
export const IDENTIFICATION_TRIES = 3;
