import { useComputed, useSignal } from '@preact/signals';
import { type AddressField, addressFields } from '../../../src/lab/address-picture.ts';
import * as teredo from '../../../src/wire/teredo.ts';
import { formatIpv6, parseIpv6 } from '../../../src/wire/text.ts';
import type { Player } from '../model/player.ts';
import { lastBy } from '../model/recording.ts';

/** What each field is part of, as the octets of a datagram are coloured. */
const PARTS: Readonly<Record<string, string>> = {
  prefix: 'header',
  server: 'destination',
  flags: 'message',
  'mapped port': 'origin',
  'mapped IPv4': 'authentication',
};

/** The addresses of the clients of the laboratory. */
export function AddressPanel({ player }: { readonly player: Player }) {
  const known = useComputed(() => {
    const { states } = player.recording.value;
    const instant = player.instant.value;
    return [...states].flatMap(([client, marks]) => {
      const address = lastBy(marks, instant)?.address;
      return address === undefined ? [] : [{ client, text: formatIpv6(address) }];
    });
  });
  return <AddressDecoder known={known.value} />;
}

interface DecoderProps {
  /** Whose address can be chosen. */
  readonly known: readonly { readonly client: string; readonly text: string }[];
}

/** A Teredo address as a picture of its 16 octets: what lies in clear, and what is inverted. */
export function AddressDecoder({ known }: DecoderProps) {
  const typed = useSignal('');
  const text = typed.value.trim() === '' ? known[0]?.text : typed.value.trim();
  const address = text === undefined ? undefined : parseIpv6(text);
  return (
    <div class="address">
      <form class="address-form" onSubmit={(event) => event.preventDefault()}>
        <label>
          Address
          <input
            class="code"
            type="text"
            spellcheck={false}
            value={typed.value}
            placeholder={known[0]?.text ?? '2001:0:...'}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
        </label>
        <span class="clients">
          {known.map(({ client, text: own }) => (
            <button key={client} type="button" aria-pressed={own === text} onClick={() => (typed.value = own)}>
              {client}
            </button>
          ))}
        </span>
      </form>
      {address === undefined ? (
        <p class="empty">{text === undefined ? 'Nobody has an address yet.' : `${text} is not an IPv6 address.`}</p>
      ) : teredo.isTeredo(address, 0) ? (
        <Picture address={address} />
      ) : (
        <p class="empty">{formatIpv6(address)} is not a Teredo address: those begin with 2001:0 (RFC 4380 §2.6).</p>
      )}
    </div>
  );
}

function Picture({ address }: { readonly address: Uint8Array }) {
  const fields = addressFields(address);
  return (
    <>
      <p class="whole code">{formatIpv6(address)}</p>
      <ul class="sixteen" aria-label="The 16 octets of the address">
        {fields.map((field) => (
          <FieldPicture key={field.name} field={field} />
        ))}
      </ul>
    </>
  );
}

function FieldPicture({ field }: { readonly field: AddressField }) {
  const octets = field.hex.match(/../g) ?? [];
  const isInverted = field.how.startsWith('xor');
  return (
    <li class={`address-field ${PARTS[field.name]}`} style={{ flexGrow: field.length }}>
      <span class="boxes code">
        {octets.map((octet, i) => (
          <i key={i}>{octet}</i>
        ))}
      </span>
      <span class="boxes below code">
        {isInverted ? (
          octets.map((octet, i) => <i key={i}>{(Number.parseInt(octet, 16) ^ 0xff).toString(16).padStart(2, '0')}</i>)
        ) : (
          <em>{field.how === '' ? 'in clear' : field.how}</em>
        )}
      </span>
      <span class="name">
        {field.name}
        {isInverted && <small>every bit inverted</small>}
      </span>
      <b>{field.value}</b>
    </li>
  );
}
