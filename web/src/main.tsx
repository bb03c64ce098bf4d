import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { Laboratory } from './model/laboratory.ts';
import { rates } from './model/rates.ts';
import { apply } from './views/theme.ts';

/** Time for the simulation in each frame, in ms; drawing needs the rest. */
const SIMULATION_MS = 7;
/** A page that was away for longer than this goes on where it was rather than leap ahead, in ms. */
const FRAME_MAX_MS = 100;

apply();
const laboratory = new Laboratory(location.hash);
const page = document.getElementById('page');
if (page !== null) render(<App laboratory={laboratory} />, page);

let before = performance.now();
let secondAt = before;
let frames = 0;
let numberBefore = 0;
function frame(now: number): void {
  laboratory.tick(Math.min(FRAME_MAX_MS, now - before), SIMULATION_MS);
  before = now;
  frames++;
  if (now - secondAt >= 1_000) {
    // Counted for whoever measures: frames of the last second, and datagrams that left in it.
    const number = laboratory.player.recording.value.passages.at(-1)?.number ?? 0;
    const perSecond = (count: number) => Math.round((count * 1_000) / (now - secondAt));
    rates.value = { frames: perSecond(frames), datagrams: perSecond(number - numberBefore) };
    [secondAt, frames, numberBefore] = [now, 0, number];
  }
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
