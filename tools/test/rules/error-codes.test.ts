import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodesRule } from '../../tidy/rules/error-codes.ts';
import { complaints } from '../planted-tree.ts';

const PAGE = 'docs/reference/errors.md';
const SOURCE = 'packages/low/src/low-error.ts';
const DECLARATION = `
export interface LowErrorMetadata {
  /** Full. */
  LOW_FULL: { readonly usedBytes: number; readonly NOT_A_CODE: string };
  LOW_EMPTY: Record<never, never>;
}
export interface Other { LOW_OTHER: string }
`;
const FULL = '| `LOW_FULL` | low | the disk is full | make room |\n';
const EMPTY = '| `LOW_EMPTY` | low | nothing is there | ask later |\n';

test('a row for each code and a code for each row', (t) => {
  const page = `| code | package | when | what to do |\n|---|---|---|---|\n${FULL}${EMPTY}`;
  assert.deepEqual(complaints(t, errorCodesRule, { [SOURCE]: DECLARATION, [PAGE]: page }), []);
});

test('a code without a row is named where it is declared', (t) => {
  const found = complaints(t, errorCodesRule, { [SOURCE]: DECLARATION, [PAGE]: FULL });
  assert.match(found.join(), /low-error\.ts:5: LOW_EMPTY has no row in docs/);
  assert.equal(complaints(t, errorCodesRule, { [SOURCE]: DECLARATION }).length, 2);
});

test('a row without a code, a second row, a wrong package and an empty cell are named', (t) => {
  const gone = '| `LOW_GONE` | low | never | nothing |\n';
  const empty = '| `LOW_EMPTY` | mid | nothing is there | ask later |\n';
  const cases: [string, RegExp][] = [
    [FULL + EMPTY + gone, /errors\.md:3: no package declares LOW_GONE/],
    [FULL + FULL + EMPTY, /errors\.md:2: LOW_FULL has two rows/],
    [FULL + empty, /LOW_EMPTY belongs to low/],
    [`${EMPTY}| \`LOW_FULL\` | low | the disk is full | |\n`, /LOW_FULL needs both/],
  ];
  for (const [page, expected] of cases) {
    const found = complaints(t, errorCodesRule, { [SOURCE]: DECLARATION, [PAGE]: page });
    assert.equal(found.length, 1, found.join());
    assert.match(found.join(), expected);
  }
});

test('a class whose codes stand under another name is named', (t) => {
  const found = complaints(t, errorCodesRule, {
    [SOURCE]:
      'class A extends CodedError<LowCodes> {}\nclass B extends CodedError<BErrorMetadata> {}',
  });
  assert.equal(found.length, 1);
  assert.match(found.join(), /low-error\.ts:1: LowCodes declares codes; name it/);
});
