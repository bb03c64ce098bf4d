/**
 * `npm run fuzz -- [--seconds N] [--seed N] [--target TEXT]`: mutated inputs into every target.
 *
 * The seed is printed at the start; the same seed gives the same inputs to a target, so a finding can be had again.
 * A finding is printed as hex, with the seed of that one execution; make a plain test of it.
 */

import { parseArgs } from 'node:util';
import * as capture from './capture.ts';
import { mutate } from './mutate.ts';
import * as roles from './roles.ts';
import { Chance, type Target } from './target.ts';
import * as wire from './wire.ts';

/** All there are; a new file of targets joins here. */
const targets: readonly Target[] = [...wire.targets, ...capture.targets, ...roles.targets];

/** Executions between two looks at the clock. */
const ROUND = 200;
/** An execution longer than this is a hang to whoever waits, in ms. */
const HANG_MS = 2_000;

let findings = 0;

/** Fuzzes as the arguments say; the exit status: 0 nothing found, 1 findings, 2 usage. */
export function main(argv: readonly string[]): number {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
      target: { type: 'string', default: '' },
    },
  });
  const seed = Number(values.seed);
  const chosen = targets.filter(({ name }) => name.includes(values.target));
  if (chosen.length === 0 || !(Number(values.seconds) > 0) || !Number.isInteger(seed)) {
    console.error(`usage: --seconds N --seed N --target one of: ${targets.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  console.log(`seed ${seed}, ${values.seconds} s, ${chosen.length} targets`);
  for (const target of chosen) {
    const executions = fuzz(target, (1_000 * Number(values.seconds)) / chosen.length, seed + targets.indexOf(target));
    console.log(`${target.name}: ${executions} executions`);
  }
  console.log(findings === 0 ? 'nothing found' : `${findings} findings`);
  return findings === 0 ? 0 : 1;
}

function fuzz(target: Target, durationMs: number, first: number): number {
  const end = performance.now() + durationMs;
  let executions = 0;
  while (performance.now() < end && findings < 10) {
    for (let i = 0; i < ROUND; i++) {
      // Each execution has a seed of its own, so that one can be repeated alone.
      execute(target, Math.imul(first, 0x9e3779b1) + executions++);
    }
  }
  return executions;
}

function execute(target: Target, own: number): void {
  const chance = new Chance(own);
  const bytes = mutate(target.seeds, chance);
  const startedAt = performance.now();
  try {
    target.run(bytes.slice(), chance);
  } catch (error) {
    report(target, own, bytes, error instanceof Error ? (error.stack ?? error.message) : String(error));
    return;
  }
  const tookMs = performance.now() - startedAt;
  if (tookMs > HANG_MS) report(target, own, bytes, `took ${Math.round(tookMs)} ms`);
}

function report(target: Target, own: number, bytes: Uint8Array, problem: string): void {
  findings++;
  console.error(
    `FOUND in ${target.name}, execution seed ${own}\n  input ${Buffer.from(bytes).toString('hex')}\n  ${problem}`,
  );
}
