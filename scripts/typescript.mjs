/**
 * Lets this process import TypeScript as it stands, for programs of the checkout that are not built: `bench/`.
 *
 * The sources need no more than their types removed, and newer versions of Node do that by themselves.
 */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
