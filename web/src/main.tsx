import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { Laboratory } from './model/laboratory.ts';
import { apply } from './views/theme.ts';

/** A page that was away for longer than this goes on where it was rather than leap ahead, in ms. */
const FRAME_MAX_MS = 100;

apply();
const laboratory = new Laboratory(location.hash);
const page = document.getElementById('page');
if (page !== null) render(<App laboratory={laboratory} />, page);

let before = performance.now();
function frame(now: number): void {
  laboratory.player.tick(Math.min(FRAME_MAX_MS, now - before));
  before = now;
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

// The address tells where the page is whenever it stands still, so that a reload or a copied address restores it.
effect(() => {
  if (!laboratory.player.isPlaying.value) history.replaceState(undefined, '', laboratory.fragment);
});
addEventListener('hashchange', () => {
  if (location.hash !== laboratory.fragment) laboratory.restore(location.hash);
});
