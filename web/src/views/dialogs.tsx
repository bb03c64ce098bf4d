import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { meetsBy, natPair, pairNats } from '../../../src/lab/scenarios/nat-pair.ts';
import { scenarios } from '../../../src/lab/scenarios.ts';
import { type Hue, hueNames } from '../model/hue.ts';
import type { Laboratory } from '../model/laboratory.ts';
import { ladderSvg } from '../model/ladder-svg.ts';
import { download } from './download.ts';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A window above the page; Escape and a click beside it close it, and the focus returns to where it was. */
function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) element.current?.close();
      }}
    >
      <div class="inside">
        <header>
          <h2>{title}</h2>
          <button type="button" aria-label="Close" onClick={() => element.current?.close()}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface Props {
  readonly laboratory: Laboratory;
  readonly onClose: () => void;
}

export function Gallery({ laboratory, onClose }: Props) {
  return (
    <Dialog title="Scenarios" onClose={onClose}>
      <ul class="gallery">
        {scenarios.map((scenario) => (
          <li key={scenario.name}>
            <button
              type="button"
              aria-current={scenario.name === laboratory.scenario.value.name}
              onClick={() => {
                laboratory.open(scenario);
                onClose();
              }}
            >
              <b>{scenario.title}</b>
              <span>{scenario.about}</span>
              <code>teredo lab run {scenario.name}</code>
            </button>
          </li>
        ))}
        <li>
          <button
            type="button"
            aria-current={laboratory.crowd.value !== undefined}
            onClick={() => {
              laboratory.gather();
              onClose();
            }}
          >
            <b>A crowd: 200 nodes, 5,000 datagrams a second</b>
            <span>Simulated while you watch, without end: how much a page bears.</span>
          </button>
        </li>
      </ul>
      <Pairs laboratory={laboratory} onClose={onClose} />
    </Dialog>
  );
}

/** The table of RFC 6081, figure 1: each cell is a scenario. */
function Pairs({ laboratory, onClose }: Props) {
  return (
    <div class="pairs">
      <h3>Which NATs meet: open any pair</h3>
      <p>
        Two clients; the one behind the NAT of the row pings the one behind the NAT of the column. <b>4</b>: RFC 4380
        alone connects them, <b>6</b>: it takes RFC 6081, <b>–</b>: nothing does.
      </p>
      <div class="wide">
        <table>
          <caption class="hidden">Pairs of NATs</caption>
          <thead>
            <tr>
              <th scope="col">from \ to</th>
              {pairNats.map((to) => (
                <th key={to} scope="col">
                  {to}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {pairNats.map((from) => (
              <tr key={from}>
                <th scope="row">{from}</th>
                {pairNats.map((to) => {
                  const by = meetsBy(from, to);
                  return (
                    <td key={to}>
                      <button
                        type="button"
                        class={`by-${by ?? 'nothing'}`}
                        aria-label={`${from} to ${to}: ${by === undefined ? 'they do not meet' : `RFC ${by}`}`}
                        onClick={() => {
                          laboratory.open(natPair(from, to));
                          onClose();
                        }}
                      >
                        {by === undefined ? '–' : by === 4380 ? '4' : '6'}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

export function Save({ laboratory, onClose }: Props) {
  const copied = useSignal(false);
  const { name } = laboratory.scenario.value;
  const link = `${location.origin}${location.pathname}${laboratory.fragment}`;
  return (
    <Dialog title="Save and share" onClose={onClose}>
      <div class="save">
        <label>
          A link that restores all of this: scenario, seed, changes, instant
          <input class="code" type="text" readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
        </label>
        <p class="buttons">
          <button
            type="button"
            onClick={() => {
              navigator.clipboard.writeText(link).then(
                () => (copied.value = true),
                () => (copied.value = false),
              );
            }}
          >
            {copied.value ? 'Copied' : 'Copy the link'}
          </button>
          <button
            type="button"
            onClick={() => download(`${name}.pcapng`, laboratory.played.pcapng(), 'application/octet-stream')}
          >
            Capture for Wireshark (pcapng)
          </button>
          <button
            type="button"
            onClick={() => download(`${name}.svg`, ladderSvg(laboratory.player.recording.value), 'image/svg+xml')}
          >
            Ladder as a picture (SVG)
          </button>
          <button
            type="button"
            onClick={() => {
              const file = { seed: laboratory.seed.value, scenario: laboratory.changed };
              download(`${name}.json`, `${JSON.stringify(file, undefined, 2)}\n`, 'application/json');
            }}
          >
            Scenario (JSON)
          </button>
        </p>
        <label class="seed">
          Seed of everything random
          <input
            type="number"
            min="0"
            max="4294967295"
            value={laboratory.seed.value}
            onChange={(event) => {
              const seed = event.currentTarget.valueAsNumber;
              if (Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff) laboratory.reseed(seed);
            }}
          />
        </label>
      </div>
    </Dialog>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ['space', 'play and pause'],
  ['→ ←', 'one datagram on, one back'],
  ['↓ ↑', 'in the ladder: the next line, the one before'],
  ['Home End', 'the beginning, the end'],
  ['+ −', 'faster, slower'],
  ['?', 'this help'],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys and colours" onClose={onClose}>
      <div class="help">
        <dl>
          {KEYS.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <ul class="legend">
          {(Object.entries(hueNames) as [Hue, string][]).map(([hue, name]) => (
            <li key={hue}>
              <i class={`swatch hue ${hue}`} /> {name}
            </li>
          ))}
          <li>
            <i class="swatch hue lost" /> did not arrive
          </li>
        </ul>
        <p>
          The land above is the native IPv6 Internet, the sea the IPv4 Internet; servers and relays stand on the shore,
          for they have both. NATs are the moles, with a private harbour behind each. Lines between nodes: <b>dotted</b>
          , bubbles are opening the way; <b>solid</b>, data goes straight; <b>dashed</b>, data goes by a relay.
        </p>
        <p>
          Section numbers are those of RFC 4380 unless told otherwise. Everything you see is a real datagram of the real
          roles in a simulated network, computed in this page from one seed.
        </p>
      </div>
    </Dialog>
  );
}
