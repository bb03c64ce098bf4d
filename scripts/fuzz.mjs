/** `npm run fuzz`: mutated inputs into every parser, for a time (fuzz/run.ts). */
import './typescript.mjs';

const { main } = await import('../fuzz/run.ts');
process.exitCode = main(process.argv.slice(2));
