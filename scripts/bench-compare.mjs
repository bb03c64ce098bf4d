/** `npm run bench:compare BEFORE AFTER`: what changed between two reports of the benchmark (bench/compare-main.ts). */
import './typescript.mjs';

const { main } = await import('../bench/compare-main.ts');
process.exitCode = main(process.argv.slice(2));
