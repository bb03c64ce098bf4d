import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Laboratory } from './model/laboratory.ts';
import { SPEEDS } from './model/player.ts';
import { AddressPanel } from './views/address.tsx';
import { Caption } from './views/caption.tsx';
import { DatagramPanel } from './views/datagram.tsx';
import { Gallery, Help, Save } from './views/dialogs.tsx';
import { Header } from './views/header.tsx';
import { Ladder } from './views/ladder/ladder.tsx';
import { Chart } from './views/map/chart.tsx';
import { SettingsPanel } from './views/settings.tsx';
import { StatesPanel } from './views/states.tsx';
import { TablePanel } from './views/table.tsx';
import { Tabs } from './views/tabs.tsx';
import { prefersStillness } from './views/theme.ts';
import { Transport } from './views/transport.tsx';

const TABS = [
  ['datagram', 'Datagram'],
  ['address', 'Address'],
  ['states', 'States and losses'],
  ['settings', 'Change things'],
  ['table', 'As a table'],
] as const;

type Tab = (typeof TABS)[number][0];

/** The laboratory: a map, a ladder, what happens now, and what it is made of. */
export function App({ laboratory }: { readonly laboratory: Laboratory }) {
  const { player } = laboratory;
  const tab = useSignal<Tab>('datagram');
  const dialog = useSignal<'gallery' | 'save' | 'help' | undefined>(undefined);
  const chosen = useSignal<string | undefined>(undefined);
  const isNarrow = useSignal(narrow.matches);
  useEffect(() => {
    const onChange = () => (isNarrow.value = narrow.matches);
    narrow.addEventListener('change', onChange);
    return () => narrow.removeEventListener('change', onChange);
  }, []);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === '?' && !isTyping(event)) dialog.value = 'help';
      else if (dialog.value === undefined) steer(event, laboratory);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [laboratory]);
  const close = () => (dialog.value = undefined);
  return (
    <>
      <Header laboratory={laboratory} onOpen={(which) => (dialog.value = which)} />
      <main>
        <div class="stage">
          <Chart
            player={player}
            isNarrow={isNarrow.value}
            chosen={chosen.value}
            onChoose={(node) => {
              chosen.value = node;
              tab.value = 'settings';
            }}
          />
          <Caption player={player} />
        </div>
        <div class="side">
          <Ladder player={player} />
          <section class="dock" aria-label="Details">
            <Tabs
              tabs={TABS}
              tab={tab.value}
              onTab={(next) => (tab.value = next)}
              counts={{ settings: laboratory.changes.value.length }}
            />
            <div class="panel" role="tabpanel" id="panel" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
              {tab.value === 'datagram' && <DatagramPanel player={player} />}
              {tab.value === 'address' && <AddressPanel player={player} />}
              {tab.value === 'states' && <StatesPanel player={player} />}
              {tab.value === 'settings' && (
                <SettingsPanel
                  laboratory={laboratory}
                  chosen={chosen.value}
                  onChoose={(node) => (chosen.value = node)}
                />
              )}
              {tab.value === 'table' && <TablePanel player={player} />}
            </div>
          </section>
        </div>
      </main>
      <Transport player={player} />
      {dialog.value === 'gallery' && <Gallery laboratory={laboratory} onClose={close} />}
      {dialog.value === 'save' && <Save laboratory={laboratory} onClose={close} />}
      {dialog.value === 'help' && <Help onClose={close} />}
    </>
  );
}

/** Keys for time, wherever the focus is; what has a use for a key of its own keeps it. */
function steer(event: KeyboardEvent, { player }: Laboratory): void {
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  const speed = SPEEDS.indexOf(player.speed.value);
  switch (event.key) {
    case ' ':
      if (event.target instanceof HTMLButtonElement) return;
      player.toggle();
      break;
    case 'ArrowRight':
      player.step(prefersStillness());
      break;
    case 'ArrowLeft':
      player.stepBack();
      break;
    case 'Home':
      player.seek(0);
      break;
    case 'End':
      player.seek(Number.POSITIVE_INFINITY);
      break;
    case '+':
      player.speed.value = SPEEDS[Math.min(speed + 1, SPEEDS.length - 1)]!;
      break;
    case '-':
      player.speed.value = SPEEDS[Math.max(speed - 1, 0)]!;
      break;
    default:
      return;
  }
  event.preventDefault();
}

function isTyping({ target }: Event): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

const narrow = matchMedia('(max-width: 700px)');
