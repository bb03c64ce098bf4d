import { type Case, caseName, casesOf } from '../../roles/case.ts';
import { Drop, dropName } from '../../roles/drop.ts';
import { FAMILIES } from './families.ts';

/** `docs/metrics.md`, whole. */
export function metricsPage(): string {
  const rows = FAMILIES.map(({ name, type, labels, help }) => {
    return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
  });
  const reasons = Object.values(Drop).map((reason) => `\`${dropName(reason)}\``);
  return `# Metrics and health

Written by \`npm run metrics\` from \`src/daemon/metrics/families.ts\`; names, labels and meanings are stable.

\`teredo client --metrics 127.0.0.1:9100\` (in \`teredo.toml\`: \`listen\` in \`[metrics]\`) serves them over HTTP; the
control socket always does. They are filled when they are read.

| path | answers |
| --- | --- |
| \`/metrics\` | what follows, in the text format of Prometheus |
| \`/healthz\` | 200 while process and data path are alive, else 503 |
| \`/readyz\` | 200 while every role does its work or rests as it should, else 503; the body is the verdict of \`teredo status\` |

| name | type | labels | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

Reasons of drops, each with its section of the RFC in \`src/roles/drop.ts\`: ${reasons.join(', ')}.

Cases, each with its section of the RFC in \`src/roles/case.ts\`; clients and relays: ${cases('relay')}; clients besides:
${cases('client', casesOf('relay'))}; servers: ${cases('server')}.

[A dashboard for Grafana](../examples/grafana-dashboard.json) and [alerts for Prometheus](../examples/prometheus-alerts.yml)
are examples to begin with.
`;
}

function cases(role: 'client' | 'server' | 'relay', without: readonly Case[] = []): string {
  const own = casesOf(role).filter((each) => !without.includes(each));
  return own.map((each) => `\`${caseName(each)}\``).join(', ');
}
