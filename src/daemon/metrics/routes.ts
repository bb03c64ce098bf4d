import type { Hono } from 'hono';
import type { Controlled } from '../control/controlled.ts';
import { Metrics } from './metrics.ts';

/** `/metrics`, `/healthz` and `/readyz`. */
export function addHealth(app: Hono, controlled: Controlled): void {
  const metrics = new Metrics();
  app.get('/metrics', async (context) => {
    const text = await metrics.text(await controlled.status());
    return context.body(text, 200, { 'content-type': metrics.contentType });
  });
  app.get('/healthz', async (context) => {
    const isAlive = await controlled.ping();
    return context.text(isAlive ? 'ok\n' : 'the data path does not answer\n', isAlive ? 200 : 503);
  });
  app.get('/readyz', async (context) => {
    const { isWell, verdict } = await controlled.status();
    return context.text(`${verdict}\n`, isWell ? 200 : 503);
  });
}
