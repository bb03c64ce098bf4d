/** As much XML as routers speak: elements and text. What a router sends is foreign input, so everything is bounded. */

export interface Element {
  /** Without namespace prefix: routers choose theirs as they like. */
  readonly name: string;
  readonly children: Element[];
  text: string;
}

const DEPTH_MAX = 32;
const ELEMENTS_MAX = 4_096;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads a document.
 *
 * Shape:  the root element; attributes are skipped. undefined for what is not well-formed or too large, and for every
 *         document type declaration: no entity is ever defined, so none can grow or fetch anything.
 * Errors: none.
 */
export function parse(text: string): Element | undefined {
  const root: Element = { name: '', children: [], text: '' };
  const open = [root];
  let elements = 0;
  let at = 0;
  while (at < text.length) {
    const top = open.at(-1)!;
    const next = text.indexOf('<', at);
    top.text += decode(text.slice(at, next < 0 ? text.length : next));
    if (next < 0) break;
    at = next;
    if (text.startsWith('<![CDATA[', at)) {
      const end = text.indexOf(']]>', at);
      if (end < 0) return undefined;
      top.text += text.slice(at + 9, end);
      at = end + 3;
    } else if (text.startsWith('<!--', at) || text.startsWith('<?', at)) {
      const closer = text[at + 1] === '?' ? '?>' : '-->';
      const end = text.indexOf(closer, at);
      if (end < 0) return undefined;
      at = end + closer.length;
    } else {
      const end = tagEnd(text, at);
      if (end < 0) return undefined;
      const name = /^<\/?(?:[\w.-]+:)?([\w.-]+)/.exec(text.slice(at, Math.min(end, at + NAME_MAX)))?.[1];
      if (name === undefined) return undefined;
      if (text[at + 1] === '/') {
        if (open.length === 1 || open.pop()!.name !== name) return undefined;
      } else {
        const element: Element = { name, children: [], text: '' };
        top.children.push(element);
        if (++elements > ELEMENTS_MAX) return undefined;
        if (text[end - 1] !== '/') open.push(element);
        if (open.length > DEPTH_MAX) return undefined;
      }
      at = end + 1;
    }
  }
  return open.length === 1 && root.children.length === 1 ? root.children[0] : undefined;
}

/** Every element of this name, at any depth, in the order of the document. */
export function all(element: Element, name: string): Element[] {
  const deeper = element.children.flatMap((child) => all(child, name));
  return element.name === name ? [element, ...deeper] : deeper;
}

/** The text of the first element of this name; undefined: there is none. */
export function textOf(element: Element, name: string): string | undefined {
  return all(element, name)[0]?.text.trim();
}

const NAME_MAX = 256;

/** Where the tag that begins at `at` has its ">"; one in quotes does not count. */
function tagEnd(text: string, at: number): number {
  let quote = '';
  for (let i = at + 1; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return i;
    else if (character === '<') return -1;
  }
  return -1;
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{1,8}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name as string] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}
