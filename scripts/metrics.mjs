// Writes docs/metrics.md from the metrics themselves, as they were built; a test fails when the page is stale.
import { writeFileSync } from 'node:fs';

const { metricsPage } = await import('../dist/daemon/metrics/page.js');
writeFileSync('docs/metrics.md', metricsPage());
