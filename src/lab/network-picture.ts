import { externalOf } from './build.ts';
import type { NodeSpec } from './scenario.ts';
import { type Paint, wrap } from './text.ts';

/** The nodes of a scenario: how they hang together as a drawing, and a list with addresses and what each one is. */
export function drawNodes(nodes: readonly NodeSpec[], width: number, paint: Paint): string[] {
  const shown = nodes.filter((node) => node.about !== '');
  return [...drawNetwork(shown, width, paint), ...listNodes(shown, width, paint)];
}

/**
 * Two lines for the two Internets, with the nodes between them:
 *
 *       ═══ IPv4 Internet ═══╤═══════════╤═══════
 *                          NAT A       relay
 *                            │           │
 *                         client A       │
 *                                        │        IPv6 host
 *       ═══ IPv6 Internet ═══════════════╧════════════╧══
 */
function drawNetwork(nodes: readonly NodeSpec[], width: number, paint: Paint): string[] {
  const columns = nodes.filter((node) => !('behind' in node && node.behind !== undefined));
  const behind = (name: string) =>
    nodes.filter((node) => 'behind' in node && node.behind === name).map((node) => node.name);
  const stacks = columns.map((node) => [node.name, ...behind(node.name).flatMap((name) => [name, ...behind(name)])]);
  const widths = stacks.map((stack) => Math.max(...stack.map((name) => name.length)) + 3);
  const total = widths.reduce((sum, one) => sum + one, 0);
  if (LABEL + total > width - 3) return [];
  const cells = (cell: (node: NodeSpec, stack: readonly string[]) => string, fill: string) =>
    columns.map((node, i) => centre(cell(node, stacks[i]!), widths[i]!, fill)).join('');
  const height = Math.max(...stacks.map((stack) => stack.length));
  const isOn4 = (node: NodeSpec) => node.type !== 'IPv6-only host';
  const isOn6 = (node: NodeSpec) => ['server', 'relay', 'dual-stack host', 'IPv6-only host'].includes(node.type);
  const line = (text: string) => `   ${text}`.trimEnd();
  const blank = ' '.repeat(LABEL);
  const lines = [
    line(paint.cyan(`${'IPv4 Internet'.padEnd(LABEL - 1)} ${cells((node) => (isOn4(node) ? '╤' : '═'), '═')}`)),
    line(blank + cells((node) => (isOn4(node) ? '│' : ' '), ' ')),
  ];
  for (let level = 0; level < height; level++) {
    const at = (node: NodeSpec, stack: readonly string[]) =>
      (isOn4(node) ? level : level - height + 1) < 0 ? '' : stack[isOn4(node) ? level : level - height + 1];
    lines.push(line(blank + cells((node, stack) => at(node, stack) ?? (isOn6(node) ? '│' : ' '), ' ')));
    if (level < height - 1) {
      lines.push(
        line(
          blank + cells((node, stack) => (isOn4(node) && (stack.length > level + 1 || isOn6(node)) ? '│' : ' '), ' '),
        ),
      );
    }
  }
  lines.push(
    line(blank + cells((node) => (isOn6(node) ? '│' : ' '), ' ')),
    line(paint.cyan(`${'IPv6 Internet'.padEnd(LABEL - 1)} ${cells((node) => (isOn6(node) ? '╧' : '═'), '═')}`)),
    '',
  );
  return lines;
}

function listNodes(nodes: readonly NodeSpec[], width: number, paint: Paint): string[] {
  const names = Math.max(...nodes.map(({ name }) => name.length));
  const places = Math.max(...nodes.map((node) => whereIs(node).length));
  return nodes.flatMap((node) => {
    const room = width - names - places - 8;
    const about = wrap(node.about ?? '', Math.max(20, room));
    const first = `   ${paint.bold(node.name.padEnd(names))}  ${whereIs(node).padEnd(places)}  ${paint.dim(about[0] ?? '')}`;
    const rest = about.slice(1).map((line) => ' '.repeat(names + places + 7) + paint.dim(line));
    return [first.trimEnd(), ...rest];
  });
}

/** Characters at the left, for the names of the two Internets. */
const LABEL = 15;

export function whereIs(node: NodeSpec): string {
  switch (node.type) {
    case 'server':
      return node.ipv4.join(', ');
    case 'relay':
    case 'dual-stack host':
      return `${node.ipv4}, ${node.ipv6}`;
    case 'IPv6-only host':
      return node.ipv6;
    case 'NAT':
      return externalText(node) ?? `behind ${node.behind}`;
    case 'client':
      return node.behind === undefined ? (node.ipv4 ?? '') : `behind ${node.behind}`;
    case 'name server':
    case 'IPv4 host':
      return node.ipv4;
  }
}

/** One address, or how many; undefined: the network it stands in gives it one. */
function externalText(node: NodeSpec & { type: 'NAT' }): string | undefined {
  const external = externalOf(node);
  return external.length > 1 ? `${external[0]} and ${external.length - 1} more` : external[0];
}

function centre(text: string, width: number, fill: string): string {
  const left = Math.floor(width / 2) - Math.floor(text.length / 2);
  return (fill.repeat(Math.max(0, left)) + text).padEnd(width, fill);
}
