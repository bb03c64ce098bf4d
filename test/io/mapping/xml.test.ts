import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { all, parse, textOf } from '../../../src/io/mapping/xml.ts';

describe('XML of routers', () => {
  test('elements and text, whatever prefixes and attributes they have', () => {
    const root = parse(`<?xml version="1.0"?>
      <!-- <a> --><s:Envelope xmlns:s="a>b" s:x='"'><s:Body><u:Answer><Name>a &amp; &#98; &#x63;</Name><Empty/>
      <![CDATA[<raw>]]></u:Answer></s:Body></s:Envelope>`)!;
    expect(root.name).toBe('Envelope');
    expect(textOf(root, 'Name')).toBe('a & b c');
    expect(textOf(root, 'Empty')).toBe('');
    expect(textOf(root, 'Answer')).toBe('<raw>');
    expect(textOf(root, 'Missing')).toBeUndefined();
    expect(all(root, 'Answer')).toHaveLength(1);
  });

  test.each([
    ['a document type', '<!DOCTYPE a><a/>'],
    ['an entity', '<a><!ENTITY b "c"></a>'],
    ['no end', '<a><b></b>'],
    ['another end', '<a></b>'],
    ['two ends', '<a></a></a>'],
    ['two roots', '<a/><b/>'],
    ['nothing', ''],
    ['text only', 'a'],
    ['an open tag', '<a'],
    ['an open quote', '<a b="></a>'],
    ['an open comment', '<a><!-- </a>'],
    ['too deep a tree', `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`],
    ['too many elements', `<a>${'<b/>'.repeat(5_000)}</a>`],
  ])('refused: %s', (_, text) => {
    expect(parse(text)).toBeUndefined();
  });

  test('an unknown entity stays as it is, and none makes more text than it had', () => {
    expect(parse('<a>&b;&nbsp;&#x110000;&#9999999;</a>')?.text).toBe('&b;&nbsp;');
  });

  test('anything at all is read or refused, never thrown at', () => {
    const pieces = fc.constantFrom(
      '<a>',
      '</a>',
      '<b c="',
      '"',
      '>',
      '/>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '&#x;',
      'x',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 40 }), (parts) => {
        parse(parts.join(''));
      }),
    );
  });
});
