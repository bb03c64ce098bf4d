import { signal } from '@preact/signals';

/** How the page fares: frames drawn and datagrams simulated in the last second. */
export const rates = signal({ frames: 0, datagrams: 0 });
