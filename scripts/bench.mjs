/** `npm run bench`: builds what is out of date, then measures the built programs (bench/main.ts). */
import './typescript.mjs';
import { prepare } from './prepare.mjs';

prepare();
const { main } = await import('../bench/main.ts');
process.exitCode = await main(process.argv.slice(2));
