import { useComputed, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { PeerJson } from '../../../../src/daemon/control/peer-json.ts';
import type { Dashboard } from '../../model/dashboard.ts';
import { ago, number } from './words.ts';

/** Height of a row in px, as the style sheet has it, and rows drawn beyond what is seen. */
const ROW = 28;
const BEYOND = 8;

const COLUMNS = [
  ['address', 'address'],
  ['path', 'path'],
  ['endpoint', 'at'],
  ['heardAgoMs', 'heard'],
  ['sentAgoMs', 'sent'],
  ['knownForMs', 'known'],
] as const;

type ColumnName = (typeof COLUMNS)[number][0];

/** The list of recent peers: sorted as one likes, filtered, and drawn only as far as it is seen. */
export function PeersPanel({ dashboard }: { readonly dashboard: Dashboard }) {
  const filter = useSignal('');
  const sort = useSignal<{ readonly by: ColumnName; readonly isDown: boolean }>({ by: 'heardAgoMs', isDown: false });
  const top = useSignal(0);
  const view = useRef<HTMLDivElement>(null);
  const rows = useComputed(() => {
    const words = filter.value.trim().toLowerCase();
    const all = dashboard.peers.value?.peers ?? [];
    const chosen = words === '' ? all : all.filter((peer) => textOf(peer).includes(words));
    const { by, isDown } = sort.value;
    return chosen.toSorted((a, b) => (isDown ? -1 : 1) * compare(a[by], b[by]) || compare(a.address, b.address));
  });
  const list = dashboard.peers.value;
  if (dashboard.told.value === undefined) return <p class="empty">The process has not told its peers yet.</p>;
  if (dashboard.peerRole.value === undefined) {
    return <p class="empty">A server keeps no list of peers: each datagram carries what it needs.</p>;
  }
  if (list === undefined) return <p class="empty">There is no list of peers before the role has begun.</p>;
  const height = view.current?.clientHeight ?? 400;
  const first = Math.max(0, Math.floor(top.value / ROW) - BEYOND);
  const last = Math.min(rows.value.length, Math.ceil((top.value + height) / ROW) + BEYOND);
  const isPart = list.total > list.peers.length;
  return (
    <div class="peers">
      <p class="peers-head">
        <label>
          <span class="hidden">Filter</span>
          <input
            type="search"
            placeholder="address, path, trusted"
            value={filter.value}
            onInput={(event) => {
              filter.value = event.currentTarget.value;
              top.value = 0;
            }}
          />
        </label>
        <span class="note" role="status">
          {number(rows.value.length)} of {number(list.total)}
          {isPart ? `; the page holds ${number(list.peers.length)} of them, "teredo peers" lists all` : ''}
        </span>
      </p>
      {list.total === 0 ? (
        <p class="empty">No peer has been met yet. Ping a host of the IPv6 Internet, and its relay turns up here.</p>
      ) : (
        <div
          class="window"
          ref={view}
          tabIndex={0}
          role="region"
          aria-label="Peers"
          onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
        >
          <table class="plain" aria-rowcount={rows.value.length + 1}>
            <thead>
              <tr>
                {COLUMNS.map(([name, words]) => (
                  <th
                    scope="col"
                    key={name}
                    aria-sort={sort.value.by !== name ? 'none' : sort.value.isDown ? 'descending' : 'ascending'}
                  >
                    <button
                      type="button"
                      onClick={() => {
                        const { by, isDown } = sort.value;
                        sort.value = { by: name, isDown: by === name && !isDown };
                      }}
                    >
                      {words}
                      <span aria-hidden="true">{sort.value.by !== name ? '' : sort.value.isDown ? ' ↓' : ' ↑'}</span>
                    </button>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              <tr class="gap" style={{ height: `${first * ROW}px` }} aria-hidden="true" />
              {rows.value.slice(first, last).map((peer, i) => (
                <Row key={peer.address} peer={peer} index={first + i + 2} />
              ))}
              <tr class="gap" style={{ height: `${(rows.value.length - last) * ROW}px` }} aria-hidden="true" />
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Row({ peer, index }: { readonly peer: PeerJson; readonly index: number }) {
  return (
    <tr class={peer.trusted ? '' : 'untrusted'} aria-rowindex={index}>
      <td class="code">{peer.address}</td>
      <td>{pathWords(peer)}</td>
      <td class="code">{peer.endpoint ?? ''}</td>
      <td>{ago(peer.heardAgoMs)}</td>
      <td>{ago(peer.sentAgoMs)}</td>
      <td>{ago(peer.knownForMs)}</td>
    </tr>
  );
}

function pathWords({ path, trusted }: PeerJson): string {
  const words = { direct: 'direct', local: 'local', relay: 'relay', none: 'asking' }[path];
  return trusted || path === 'none' ? words : `${words}, not trusted`;
}

function textOf(peer: PeerJson): string {
  return `${peer.address} ${peer.endpoint ?? ''} ${pathWords(peer)} ${peer.trusted ? ' trusted' : ''}`;
}

/** What never was comes last. What is the same to the second stays where it is, rather than dance. */
function compare(a: string | number | null, b: string | number | null): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [a, b].map((value) => (typeof value === 'number' ? Math.round(value / 1_000) : Infinity)) as [
    number,
    number,
  ];
  return x === y ? 0 : x - y;
}
