import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { type Explanation, explain, type FieldLine, lineAt } from '../model/octets.ts';
import type { Player } from '../model/player.ts';
import type { Passage } from '../model/recording.ts';
import { seconds } from './ladder/arrow.ts';

const PER_LINE = 16;

/** The datagram that is told now, down to its octets. */
export function DatagramPanel({ player }: { readonly player: Player }) {
  const passage = player.current.value;
  if (passage === undefined) {
    return <p class="empty">Play or step, or point at a line of the ladder: here its octets are explained.</p>;
  }
  return <Datagram key={passage.index} passage={passage} />;
}

function Datagram({ passage }: { readonly passage: Passage }) {
  const explanation = useMemo(() => explain(passage), [passage]);
  const lit = useSignal<FieldLine | undefined>(undefined);
  return (
    <div class="datagram">
      <p class="summary code">
        <b>{passage.number}</b> {passage.summary === '' ? explanation.summary : passage.summary}
      </p>
      <Journey passage={passage} />
      <div class="octets-and-fields">
        <Octets
          bytes={passage.bytes}
          explanation={explanation}
          lit={lit.value}
          onLight={(line) => (lit.value = line)}
        />
        <Fields lines={explanation.lines} lit={lit.value} onLight={(line) => (lit.value = line)} />
      </div>
    </div>
  );
}

/** The outer addresses on each stretch of the way: what a NAT rewrote stands out. */
function Journey({ passage }: { readonly passage: Passage }) {
  const { legs, loss, end } = passage;
  return (
    <table class="journey">
      <caption class="hidden">The way of the datagram</caption>
      <thead>
        <tr>
          <th scope="col">time</th>
          <th scope="col">from</th>
          <th scope="col">to</th>
          <th scope="col">{passage.carries === 'IPv6' ? 'IPv6 source' : 'UDP source'}</th>
          <th scope="col">{passage.carries === 'IPv6' ? 'IPv6 destination' : 'UDP destination'}</th>
        </tr>
      </thead>
      <tbody>
        {legs.map((leg, i) => {
          const before = legs[i - 1];
          return (
            <tr key={leg.at + leg.from}>
              <td>{seconds(leg.at)}</td>
              <td>{leg.from}</td>
              <td>{leg.to === '' ? '?' : leg.to}</td>
              <td class={before !== undefined && before.source !== leg.source ? 'code rewritten' : 'code'}>
                {leg.source}
              </td>
              <td class={before !== undefined && before.destination !== leg.destination ? 'code rewritten' : 'code'}>
                {leg.destination}
              </td>
            </tr>
          );
        })}
        {loss !== undefined && (
          <tr class="lost">
            <td>{seconds(passage.endsAt)}</td>
            <td colSpan={4}>
              ✗ ends at {end}: {loss}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

interface Lighting {
  readonly lit: FieldLine | undefined;
  readonly onLight: (line: FieldLine | undefined) => void;
}

function Octets({ bytes, explanation, lit, onLight }: Lighting & { bytes: Uint8Array; explanation: Explanation }) {
  const rows = Array.from({ length: Math.ceil(bytes.length / PER_LINE) }, (_, row) => row * PER_LINE);
  return (
    <div class="octets code" aria-hidden="true" onPointerLeave={() => onLight(undefined)}>
      {rows.map((start) => (
        <div class="octet-row" key={start}>
          <span class="offset">{start.toString(16).padStart(2, '0')}</span>
          {Array.from(bytes.subarray(start, start + PER_LINE), (octet, i) => {
            const at = start + i;
            const isLit = lit !== undefined && at >= lit.at && at < lit.at + lit.length;
            return (
              <span
                key={at}
                class={`octet ${explanation.parts[at]} ${isLit ? 'lit' : ''} ${i === 7 ? 'half' : ''}`}
                onPointerEnter={() => onLight(lineAt(explanation.lines, at))}
              >
                {octet.toString(16).padStart(2, '0')}
              </span>
            );
          })}
        </div>
      ))}
    </div>
  );
}

function Fields({ lines, lit, onLight }: Lighting & { readonly lines: readonly FieldLine[] }) {
  return (
    <table class="fields">
      <caption class="hidden">Fields</caption>
      <thead class="hidden">
        <tr>
          <th scope="col">field</th>
          <th scope="col">value</th>
        </tr>
      </thead>
      <tbody onPointerLeave={() => onLight(undefined)}>
        {lines.map((line) => (
          <tr
            key={`${line.name} ${line.at}`}
            class={`${line.part} ${line === lit ? 'lit' : ''} depth-${Math.min(line.depth, 3)}`}
            onPointerEnter={() => onLight(line)}
          >
            <th scope="row">
              <i class={`swatch ${line.part}`} />
              {line.label}
            </th>
            <td>
              <span class="code">{line.value}</span>
              {line.meaning !== undefined && (
                <small>
                  {line.meaning.text} <cite>{line.meaning.source}</cite>
                </small>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
