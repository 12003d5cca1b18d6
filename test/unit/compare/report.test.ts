import { describe, expect, test } from 'vitest';
import { colours } from '../../../src/compare/colours.js';
import { parseIgnore } from '../../../src/compare/ignore.js';
import { reportJson } from '../../../src/compare/report-json.js';
import { reportSummary, reportText } from '../../../src/compare/report-text.js';
import { istioVersion } from '../../../src/base/version.js';
import { answerSide, compared } from './sides.js';

const cluster = (name: string, connect_timeout: string): { name: string; connect_timeout: string } => ({
  name,
  connect_timeout,
});

const comparison = await compared(
  answerSide({ cds: [cluster('a', '1s'), cluster('b', '1s'), cluster('same', '1s')], eds: [] }),
  answerSide({ cds: [cluster('b', '2s'), cluster('c', '1s'), cluster('same', '1s')], eds: [] }, '1.29.0'),
  { ignores: [parseIgnore('eds:endpoints')] },
);

const plain = { colours: colours(false), limit: 40 };

describe('the report as text', () => {
  test('shows both sides, what is on one side only, and both values of a field', () => {
    expect(reportText(comparison, plain)).toBe(`- left: answer (answer)
+ right: answer (answer, Istio 1.29.0)
compared: cds, eds; Pilotlight equals Istio ${istioVersion.line} (${istioVersion.module})
note: orders that Istio leaves to chance do not count (endpoints of one locality, query parameters of a match, addresses of a name); with --exact they do
warning: right says that its Istio is 1.29.0; Pilotlight equals Istio ${istioVersion.line}, so differences may be those between the two
warning: --ignore eds:endpoints matched no difference

the proxy
  cds: 1 different, 1 only in left, 1 only in right (of 3)
    - a  only in left
    ~ b
        connect_timeout
          - "1s"
          + "2s"
    + c  only in right
  eds: equal (0)

different: cds 1 different, 1 only in left, 1 only in right
`);
  });

  test('says so in a line when all is equal', async () => {
    const side = answerSide({ cds: [cluster('a', '1s')] });
    expect(reportText(await compared(side, side), plain)).toMatch(
      /^= the proxy: equal \(1 cds, 0 eds\)\n\nequal for one proxy\n$/m,
    );
  });

  test('counts what is beyond the limit', () => {
    const text = reportText(comparison, { ...plain, limit: 1 });
    expect(text).toContain('- a  only in left');
    expect(text).toContain('… and 2 more; --limit 0 shows all');
    expect(text).not.toContain('~ b');
  });

  test('names a field once when many resources differ in it', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const side = (timeout: string) => answerSide({ cds: names.map((name) => cluster(name, timeout)) });
    const text = reportText(await compared(side('1s'), side('2s')), { ...plain, limit: 1 });
    expect(text).toContain('fields that differ most\n       4 × cds:connect_timeout\n');
  });

  test('shortens a long value and says how long it is', async () => {
    const side = (text: string) => answerSide({ cds: [cluster('a', text.repeat(300))] });
    expect(reportText(await compared(side('x'), side('y')), plain)).toMatch(
      /- "x{159}… \(302 characters; -o json shows all\)/,
    );
  });

  test('is coloured only where it is asked for', () => {
    const escape = '\u001B[';
    expect(reportText(comparison, plain)).not.toContain(escape);
    const coloured = reportText(comparison, { ...plain, colours: colours(true) });
    expect(coloured).toContain(`${escape}31m          - "1s"${escape}0m`);
    expect(coloured).toContain(`${escape}32m          + "2s"${escape}0m`);
    const uncoloured = [0, 1, 2, 31, 32, 33].reduce(
      (text, code) => text.replaceAll(`${escape}${code}m`, ''),
      coloured,
    );
    expect(uncoloured).toBe(reportText(comparison, plain));
  });
});

describe('the report as JSON', () => {
  test('has every name, path and value', () => {
    expect(reportJson(comparison)).toEqual({
      equal: false,
      equalsIstio: { line: istioVersion.line, module: istioVersion.module },
      left: { label: 'left', source: 'answer', description: 'answer', istioVersion: null },
      right: { label: 'right', source: 'answer', description: 'answer', istioVersion: '1.29.0' },
      types: ['cds', 'eds'],
      notCompared: [],
      warnings: [expect.stringContaining('1.29.0'), expect.stringContaining('--ignore')],
      notes: [expect.stringContaining('leaves to chance')],
      ignored: [{ path: 'eds:endpoints', differences: 0 }],
      proxies: [
        {
          name: 'the proxy',
          equal: false,
          notes: [],
          types: {
            cds: {
              left: 3,
              right: 3,
              onlyLeft: ['a'],
              onlyRight: ['c'],
              different: [
                {
                  name: 'b',
                  differences: [{ kind: 'changed', path: 'connect_timeout', left: '1s', right: '2s' }],
                },
              ],
            },
            eds: { left: 0, right: 0, onlyLeft: [], onlyRight: [], different: [] },
          },
        },
      ],
    });
  });
});

test('the summary counts by proxy and type', () => {
  expect(reportSummary(comparison)).toBe(`PROXY      TYPE  EQUAL  DIFFERENT  ONLY left  ONLY right
the proxy  cds   1      1          1          1
the proxy  eds   0      0          0          0
`);
});
