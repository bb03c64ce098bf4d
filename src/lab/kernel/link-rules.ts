import type { LinkChange } from '../scenario.ts';

/** The table of a host whose link is worse than the kernel's own. */
const TABLE = 'inet lab_link';
/** Interfaces of hosts toward the rest of the world. */
const INTERFACES = '{ "wan", "lan" }';
/** Shares are whole numbers of this many. */
const PARTS = 1_000;

/**
 * A link that is cut, or loses packets, as nftables rules of the host at its end: the same in both directions.
 *
 * Shape:  the whole ruleset; it takes the place of what an earlier change left. Nothing but a cut and loss is in it.
 */
export function linkRules({ isUp, loss = 0 }: LinkChange): string {
  const verdict = isUp === false ? 'drop' : `numgen random mod ${PARTS} < ${Math.round(loss * PARTS)} drop`;
  const isFine = isUp !== false && loss === 0;
  // Before a table is deleted it must be there.
  const gone = `table ${TABLE} {}\ndelete table ${TABLE}\n`;
  if (isFine) return gone;
  return `${gone}
    table ${TABLE} {
      chain in {
        type filter hook prerouting priority raw; policy accept;
        iifname ${INTERFACES} ${verdict}
      }
      chain out {
        type filter hook postrouting priority 300; policy accept;
        oifname ${INTERFACES} ${verdict}
      }
    }
  `;
}
