import type { NetworkNode } from '../../model/network.ts';

interface Props {
  readonly node: NetworkNode;
  /** The state of a client, the kind of a NAT. */
  readonly words: string;
  /** What is wrong with it; may be empty. */
  readonly trouble: string;
  /** Half the width there is for it. */
  readonly reach: number;
}

/** Kinds of NAT that are too long to stand under a narrow mark. */
const SHORT_NATS: Readonly<Record<string, string>> = {
  'address-restricted': 'address-restr.',
  'port-restricted': 'port-restr.',
  'UPnP port-restricted': 'UPnP port-restr.',
  'port-preserving symmetric': 'port-pres. symm.',
  'sequential symmetric': 'seq. symmetric',
};

/** And where hardly a word fits: what the NAT looks at before it lets something in. */
const SHORTEST: Readonly<Record<string, string>> = {
  'address-restricted': 'address',
  'port-restricted': 'port',
  'UPnP port-restricted': 'UPnP',
  'UPnP symmetric': 'UPnP sym.',
  symmetric: 'symm.',
  'port-preserving symmetric': 'pp. sym.',
  'sequential symmetric': 'seq. sym.',
  'address-symmetric': 'a. sym.',
  'not started': '',
};

/** One node of the chart: its own shape for each kind, so that colour is not needed to tell them apart. */
export function NodeMark(props: Props) {
  const { node, trouble } = props;
  const below = node.kind === 'client' ? 80 : node.kind === 'NAT' ? 52 : node.kind === 'IPv4 host' ? 56 : 38;
  return (
    <>
      <Shape {...props} />
      {trouble !== '' && (
        <text class="trouble" y={below}>
          {`✗ ${trouble}`}
        </text>
      )}
    </>
  );
}

function Shape({ node, words, reach }: Props) {
  const names = reach < 60 ? SHORTEST : reach < 88 ? SHORT_NATS : {};
  const shown = names[words] ?? words;
  const { name, kind } = node;
  switch (kind) {
    case 'NAT': {
      const half = Math.min(reach - 6, 62);
      return (
        <>
          <rect class="target" x={-half} y={-26} width={2 * half} height="62" />
          <path class="mole" d={`M${-half} 0H-14M14 0H${half}`} />
          <path class="gate" d="M-14 -7V7M14 -7V7" />
          <Name text={name} y={-20} />
          <text class="words" y="30">
            {shown}
          </text>
        </>
      );
    }
    case 'client':
      return (
        <>
          <rect class="target" x={-Math.min(reach, 60)} y="-26" width={2 * Math.min(reach, 60)} height="92" />
          <rect class="mark" x="-17" y="-17" width="34" height="26" rx="4" />
          <path class="foot" d="M-9 15H9" />
          <Name text={name} y={38} />
          <text class="words" y="58">
            {shown}
          </text>
        </>
      );
    case 'server':
      return (
        <>
          <circle class="target" r="34" />
          <path class="mark" d="M-10 -13A13 13 0 1 0 -10 13H10A13 13 0 1 0 10 -13Z" />
          <path class="detail" d="M0 -13V13" />
          <Name text={name} y={-26} />
        </>
      );
    case 'relay':
      return (
        <>
          <circle class="target" r="34" />
          <path class="mark" d="M0 -19L19 0L0 19L-19 0Z" />
          <path class="detail" d="M0 -8V8M-4 -4L0 -8L4 -4M-4 4L0 8L4 4" />
          <Name text={name} y={-29} />
        </>
      );
    case 'dual-stack host':
      return (
        <>
          <circle class="target" r="34" />
          <circle class="mark" r="16" />
          <path class="detail" d="M0 -9L9 0L0 9L-9 0Z" />
          <Name text={name} y={-26} />
        </>
      );
    case 'IPv6 host':
      return (
        <>
          <circle class="target" r="34" />
          <circle class="mark" r="15" />
          <Name text={name} y={-25} />
        </>
      );
    case 'name server':
    case 'IPv4 host':
      return (
        <>
          <circle class="target" r="34" />
          <circle class="mark" r="12" />
          <Name text={name} y={34} />
        </>
      );
  }
}

function Name({ text, y }: { readonly text: string; readonly y: number }) {
  return (
    <text class="name" y={y}>
      {text}
    </text>
  );
}
