// Random requests that meet often: few keys, some one the beginning of another, few values.
import fc from 'fast-check';
import type { Compare, KvCommand, Operation, RangeRequest, TxnRequest } from '../src/index.ts';
import { bytes } from './requests.ts';

const LEASES = [7n, -(2n ** 63n), 2n ** 63n - 1n];

const KEYS = [
  '\0',
  '\0\0',
  'a',
  'a\0',
  'aa',
  'ab',
  'b',
  'ba',
  'common-prefix-1',
  'common-prefix-2',
];

const key = fc
  .oneof(
    { weight: 40, arbitrary: fc.constantFrom(...KEYS, '\xff', '\xff\xff') },
    { weight: 1, arbitrary: fc.constant('') },
  )
  .map(bytes);

const rangeEnd = fc
  .oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: fc.constantFrom(...KEYS) },
    { weight: 1, arbitrary: fc.constant('\0') },
  )
  .map(bytes);

const value = fc.constantFrom('', 'x', 'y', 'z'.repeat(90), 'w'.repeat(5000)).map(bytes);

const lease = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0n) },
  { weight: 3, arbitrary: fc.constantFrom(...LEASES) },
  { weight: 1, arbitrary: fc.constant(99n) },
);

const rarely = fc.oneof(
  { weight: 5, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

const bound = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 25 }) },
);

const put = fc
  .record({
    kind: fc.constant('put' as const),
    key,
    value,
    lease,
    prevKv: fc.boolean(),
    ignoreValue: rarely,
    ignoreLease: rarely,
  })
  .map((request) => ({
    ...request,
    // Mostly as a client would: what is kept is not also given.
    value: request.ignoreValue && request.value.length < 50 ? bytes('') : request.value,
    lease: request.ignoreLease && request.lease !== 99n ? 0n : request.lease,
  }));

const deleteRange = fc.record({
  kind: fc.constant('deleteRange' as const),
  key,
  rangeEnd,
  prevKv: fc.boolean(),
});

export const rangeRequest: fc.Arbitrary<RangeRequest> = fc.record({
  kind: fc.constant('range' as const),
  key,
  rangeEnd,
  limit: fc.constantFrom(0, 0, -1, 1, 2, 3, 50),
  revision: bound,
  sortOrder: fc.constantFrom('none' as const, 'ascend' as const, 'descend' as const),
  sortTarget: fc.constantFrom(
    'key' as const,
    'version' as const,
    'create' as const,
    'mod' as const,
    'value' as const,
  ),
  keysOnly: rarely,
  countOnly: rarely,
  minModRevision: bound,
  maxModRevision: bound,
  minCreateRevision: bound,
  maxCreateRevision: bound,
});

const small = fc.integer({ min: -1, max: 20 });

const operand: fc.Arbitrary<Compare['operand']> = fc.oneof(
  fc.record({ target: fc.constantFrom('version', 'create', 'mod'), value: small }),
  fc.record({ target: fc.constant('lease'), value: lease }),
  fc.record({ target: fc.constant('value'), value }),
);

const compare: fc.Arbitrary<Compare> = fc.record({
  key,
  rangeEnd,
  operator: fc.constantFrom('equal', 'greater', 'less', 'notEqual', 'unknown'),
  operand,
});

const { txn } = fc.letrec<{ txn: TxnRequest; operation: Operation }>((tie) => ({
  txn: fc.record({
    kind: fc.constant('txn' as const),
    compares: fc.array(compare, { maxLength: 2 }),
    success: fc.array(tie('operation'), { maxLength: 4 }),
    failure: fc.array(tie('operation'), { maxLength: 3 }),
  }),
  operation: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 20, arbitrary: put },
    { weight: 8, arbitrary: rangeRequest },
    { weight: 6, arbitrary: deleteRange },
    { weight: 1, arbitrary: fc.constant({ kind: 'empty' as const }) },
    { weight: 6, arbitrary: tie('txn') },
  ),
}));

/** The numbers of ticks are drawn at random: `numberTicks` makes most of them follow each other. */
export const leaseCommand: fc.Arbitrary<KvCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('leaseGrant' as const),
      id: fc.constantFrom(0n, ...LEASES),
      ttlSeconds: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(1, 2, 3) },
        { weight: 1, arbitrary: fc.constantFrom(9_000_000_000, 9_000_000_001) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('leaseRevoke' as const),
      id: fc.constantFrom(99n, ...LEASES),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('leaseKeepAlive' as const),
      ids: fc.array(fc.constantFrom(99n, ...LEASES), { maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('leaseTick' as const),
      after: fc.integer({ min: 0, max: 9 }),
      elapsedMs: fc.constantFrom(0, 1, 500, 999, 1000, 1500, 86_400_001),
    }),
  },
);

/** Makes ticks follow each other, except those whose number is 9. */
export function numberTicks(commands: readonly KvCommand[]): KvCommand[] {
  let ticks = 0;
  return commands.map((one) => {
    if (one.kind !== 'leaseTick' || one.after === 9) return one;
    const numbered = { ...one, after: ticks };
    ticks += 1;
    return numbered;
  });
}

export const command: fc.Arbitrary<KvCommand> = fc.oneof(
  { weight: 8, arbitrary: leaseCommand },
  { weight: 8, arbitrary: put },
  { weight: 3, arbitrary: deleteRange },
  { weight: 6, arbitrary: txn },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      revision: fc.integer({ min: -1, max: 25 }),
    }),
  },
);

const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h').map(bytes);
const write: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    key: letter,
    value: fc.constant(bytes('')),
    lease: fc.constant(0n),
    prevKv: fc.constant(false),
    ignoreValue: fc.constant(false),
    ignoreLease: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant('deleteRange' as const),
    key: letter,
    rangeEnd: fc.oneof(letter, fc.constantFrom('', '', '\0').map(bytes)),
    prevKv: fc.constant(false),
  }),
);

/** Transactions of writes only, three deep: about half of them write some key twice. */
export const writes: fc.Arbitrary<TxnRequest> = nest(nest(nest(write)));

function nest(member: fc.Arbitrary<Operation>): fc.Arbitrary<TxnRequest> {
  const branch = fc.array(fc.oneof(member, write), { maxLength: 3 });
  return fc.record({
    kind: fc.constant('txn' as const),
    compares: fc.constant([]),
    success: branch,
    failure: branch,
  });
}
