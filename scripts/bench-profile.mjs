/** `npm run bench:profile`: builds what is out of date, then shows where the time of the data path goes. */
import './typescript.mjs';
import { prepare } from './prepare.mjs';

prepare();
const { main } = await import('../bench/profile/main.ts');
process.exitCode = await main(process.argv.slice(2));
