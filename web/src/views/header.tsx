import { scenarios } from '../../../src/lab/scenarios.ts';
import type { Laboratory } from '../model/laboratory.ts';
import { nextTheme, theme } from './theme.ts';

interface Props {
  readonly laboratory: Laboratory;
  readonly onOpen: (dialog: 'gallery' | 'save' | 'help') => void;
}

/** Who we are, what is played, and everything that opens above the page. */
export function Header({ laboratory, onOpen }: Props) {
  const { title } = laboratory.player.recording.value;
  return (
    <header class="top">
      <p class="brand">
        teredo <span>laboratory</span>
      </p>
      <button type="button" class="scenario" aria-haspopup="dialog" onClick={() => onOpen('gallery')}>
        <h1>{shortTitle(title)}</h1>
        <span aria-hidden="true">▾</span>
        <span class="hidden">Choose a scenario, one of {scenarios.length}</span>
      </button>
      <nav aria-label="Page">
        <button type="button" aria-haspopup="dialog" onClick={() => onOpen('save')}>
          Share
        </button>
        <button type="button" title="Colours: as the system has them, light, dark" onClick={nextTheme}>
          {theme.value === 'system' ? 'Auto' : theme.value === 'light' ? 'Light' : 'Dark'}
          <span class="hidden"> colours</span>
        </button>
        <button type="button" aria-label="Help" title="Keys and colours (?)" onClick={() => onOpen('help')}>
          ?
        </button>
      </nav>
    </header>
  );
}

/** The part of a title before its explanation. */
function shortTitle(title: string): string {
  return title.split(':')[0] ?? title;
}
