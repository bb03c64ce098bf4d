import { type MessagePort, workerData } from 'node:worker_threads';
import { asTeredoError } from '../errors.ts';
import { DataPath } from './data-path.ts';
import type { DataPathInput, FromDataPath } from './messages.ts';

/** The thread's whole life: open the ports, carry packets, say how it ended. */
const { input, control } = workerData as { input: DataPathInput; control: MessagePort };

function post(message: FromDataPath): void {
  control.postMessage(message);
}

try {
  new DataPath(input, control).run();
  post({ type: 'stopped' });
} catch (error) {
  const { code, message, next } = asTeredoError(error);
  post({ type: 'failed', code, message, next });
}
control.close();
