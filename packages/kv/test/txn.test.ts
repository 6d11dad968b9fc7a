import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Compare,
  type CompareOperator,
  isReadOnly,
  type KvCommand,
  type KvStore,
  type Operation,
  type TxnRequest,
  validate,
} from '../src/index.ts';
import { writes } from './arbitraries.ts';
import { refusalOfShape } from './kv-oracle.ts';
import {
  bytes,
  compact,
  compare,
  del,
  everything,
  FROM_KEY,
  pairs,
  plain,
  put,
  range,
  storeWithLeases,
  txn,
} from './requests.ts';

function storeWith(...commands: KvCommand[]): KvStore {
  const store = storeWithLeases(7n);
  for (const command of commands) store.execute(command);
  return store;
}

function refusal(store: KvStore, command: TxnRequest): string | null {
  const before = [store.hash(), store.revision];
  const result = store.execute(command);
  if (result.kind !== 'refused') return null;
  assert.deepEqual([store.hash(), store.revision], before, 'a refused one changes nothing');
  return result.refusal;
}

function isTrue(store: KvStore, condition: Compare): boolean {
  const result = store.execute(txn([condition], []));
  assert.equal(result.kind, 'txn');
  return result.kind === 'txn' && result.succeeded;
}

test('an empty transaction succeeds and changes no revision', () => {
  assert.deepEqual(storeWith().execute(txn([], [])), {
    kind: 'txn',
    succeeded: true,
    responses: [],
    revision: 1,
  });
});

test('all writes of a transaction share one revision', () => {
  const store = storeWith();
  const result = plain(store.execute(txn([], [put('a', '1'), put('b', '2')])));
  const done = { kind: 'put', previous: null, revision: 2 };
  assert.deepEqual(result, { kind: 'txn', succeeded: true, responses: [done, done], revision: 2 });
  const found = store.range(everything());
  assert.ok(found.kind === 'range' && found.keyValues.every((one) => one.modRevision === 2));
});

test('each answer in a transaction names the revision as it was then', () => {
  const store = storeWith(put('a', '1'));
  const result = store.execute(
    txn([], [range('a'), del('zz'), put('a', '2'), range('a'), del('zz')]),
  );
  assert.ok(result.kind === 'txn');
  assert.deepEqual(
    result.responses.map((response) => response.revision),
    [2, 2, 3, 3, 3],
  );
  const reads = result.responses.filter((response) => response.kind === 'range');
  assert.deepEqual(
    reads.map((read) => pairs(read.keyValues)),
    [['a=1'], ['a=2']],
  );
});

test('a read of a past revision in a transaction does not see its writes', () => {
  const store = storeWith(put('a', '1'));
  const result = store.execute(txn([], [put('a', '2'), range('a', '', { revision: 2 })]));
  const read = result.kind === 'txn' ? result.responses[1] : undefined;
  assert.deepEqual(read?.kind === 'range' && pairs(read.keyValues), ['a=1']);
});

test('a transaction that only reads changes no revision and can be read without the log', () => {
  const store = storeWith(put('a', '1'));
  const reads = txn([compare('a', 'equal', { target: 'version', value: 1 })], [range('a')]);
  assert.equal(isReadOnly(reads), true);
  assert.equal(isReadOnly(txn([], [txn([], [], [del('a')])])), false);
  const result = store.execute(reads);
  assert.deepEqual(store.readTxn(reads), result);
  assert.equal(store.revision, 2);
});

test('a compare that does not hold leads to the failure branch', () => {
  const store = storeWith();
  const condition = compare('a', 'greater', { target: 'create', value: 0 });
  const result = store.execute(txn([condition], [put('a', '1')], [put('b', '2')]));
  assert.equal(result.kind === 'txn' && result.succeeded, false);
  const found = store.range(everything());
  assert.deepEqual(found.kind === 'range' && pairs(found.keyValues), ['b=2']);
});

test('a missing key compares as zeros, and its value with nothing', () => {
  const store = storeWith();
  for (const target of ['version', 'create', 'mod'] as const) {
    assert.equal(isTrue(store, compare('k', 'equal', { target, value: 0 })), true);
    assert.equal(isTrue(store, compare('k', 'less', { target, value: 1 })), true);
    assert.equal(isTrue(store, compare('k', 'greater', { target, value: -1 })), true);
    assert.equal(isTrue(store, compare('k', 'notEqual', { target, value: 0 })), false);
  }
  assert.equal(isTrue(store, compare('k', 'equal', { target: 'lease', value: 0n })), true);
  assert.equal(isTrue(store, compare('k', 'greater', { target: 'lease', value: -1n })), true);
  for (const operator of ['equal', 'notEqual', 'less', 'greater', 'unknown'] as const) {
    const condition = compare('k', operator, { target: 'value', value: bytes('') });
    assert.equal(isTrue(store, condition), false, operator);
  }
});

test('every operator compares what is stored with the operand', () => {
  const store = storeWith(put('k', 'm', { lease: 7n }), put('k', 'm', { lease: 7n }));
  const truths: [CompareOperator, boolean, boolean, boolean][] = [
    // the operand is below, equal to, above what is stored
    ['equal', false, true, false],
    ['notEqual', true, false, true],
    ['greater', true, false, false],
    ['less', false, false, true],
    ['unknown', true, true, true],
  ];
  const operands: [Compare['operand'], Compare['operand'], Compare['operand']][] = [
    ...(
      [
        ['version', 2],
        ['create', 2],
        ['mod', 3],
      ] as const
    ).map(
      ([target, at]) =>
        [-1, 0, 1].map((offset) => ({ target, value: at + offset })) as [
          Compare['operand'],
          Compare['operand'],
          Compare['operand'],
        ],
    ),
    [
      { target: 'lease', value: -9n },
      { target: 'lease', value: 7n },
      { target: 'lease', value: 8n },
    ],
    [
      { target: 'value', value: bytes('') },
      { target: 'value', value: bytes('m') },
      { target: 'value', value: bytes('m\0') },
    ],
  ];
  for (const operand of operands) {
    for (const [operator, ...expected] of truths) {
      const found = operand.map((one) => isTrue(store, compare('k', operator, one)));
      assert.deepEqual(found, expected, `${operand[0].target} ${operator}`);
    }
  }
});

test('a compare of a range holds when it holds for every key of it', () => {
  const store = storeWith(put('a', '1'), put('b', '2'), put('b', '3'));
  const once = { target: 'version', value: 1 } as const;
  assert.equal(isTrue(store, compare('a', 'equal', once, 'b')), true);
  assert.equal(isTrue(store, compare('a', 'equal', once, 'c')), false);
  assert.equal(isTrue(store, compare('a', 'notEqual', once, 'c')), false);
  assert.equal(
    isTrue(store, compare('a', 'greater', { target: 'version', value: 0 }, FROM_KEY)),
    true,
  );
});

test('a compare of an empty range is that of a missing key', () => {
  const store = storeWith(put('a', '1'), del('a'));
  const zero = { target: 'mod', value: 0 } as const;
  for (const end of ['z', FROM_KEY]) {
    assert.equal(isTrue(store, compare('a', 'equal', zero, end)), true);
    assert.equal(isTrue(store, compare('a', 'notEqual', zero, end)), false);
    const value = { target: 'value', value: bytes('x') } as const;
    assert.equal(isTrue(store, compare('a', 'notEqual', value, end)), false);
  }
});

test('a nested compare sees the state before the transaction', () => {
  const store = storeWith(put('a', '1'));
  const nested = txn(
    [compare('a', 'equal', { target: 'value', value: bytes('1') })],
    [put('b', 'old')],
    [put('b', 'new')],
  );
  const result = store.execute(txn([], [put('a', '2'), nested]));
  assert.ok(result.kind === 'txn' && result.responses[1]?.kind === 'txn');
  assert.equal(result.responses[1].succeeded, true);
  assert.equal(store.revision, 3);
});

test('a refused operation on the way leaves nothing of the transaction', () => {
  const store = storeWith(put('a', '1'), put('a', '2'), compact(3));
  const cases: [Operation, string][] = [
    [put('k', '', { ignoreValue: true }), 'keyNotFound'],
    [put('k', '', { ignoreLease: true }), 'keyNotFound'],
    [put('k', 'v', { lease: 8n }), 'leaseNotFound'],
    [put('k', '', { lease: 8n, ignoreValue: true }), 'keyNotFound'],
    [range('a', '', { revision: 4 }), 'futureRevision'],
    [range('a', '', { revision: 2 }), 'compacted'],
    [range('a', '', { revision: -1 }), 'compacted'],
  ];
  for (const [operation, expected] of cases) {
    assert.equal(refusal(store, txn([], [put('b', '1'), operation])), expected);
    assert.equal(refusal(store, txn([], [put('b', '1'), txn([], [operation])])), expected);
  }
});

test('what is not on the way may be refused without harm', () => {
  const store = storeWith(put('a', '1'));
  const never = [put('k', '', { ignoreValue: true }), range('a', '', { revision: 99 })];
  assert.equal(refusal(store, txn([], [put('b', '1')], never)), null);
});

test('two puts of a key in one branch are refused, taken or not', () => {
  const store = storeWith();
  const twice = [put('a', '1'), put('a', '2')];
  assert.equal(refusal(store, txn([], twice)), 'duplicateKey');
  assert.equal(refusal(store, txn([], [], twice)), 'duplicateKey');
  assert.equal(refusal(store, txn([], [txn([], [], twice)])), 'duplicateKey');
  assert.equal(refusal(store, txn([], [put('a', '1'), txn([], [put('a', '2')])])), 'duplicateKey');
  assert.equal(
    refusal(store, txn([], [txn([], [put('a', '1')]), txn([], [], [put('a', '2')])])),
    'duplicateKey',
  );
});

test('a put and a delete that covers it are refused in one branch, in any order and depth', () => {
  const store = storeWith();
  const deletes = [del('b'), del('a', 'c'), del('a', FROM_KEY), del('b', 'b\0')];
  for (const deletion of deletes) {
    const members: Operation[][] = [
      [put('b', '1'), deletion],
      [deletion, put('b', '1')],
      [txn([], [put('b', '1')]), deletion],
      [txn([], [], [deletion]), put('b', '1')],
      [txn([], [put('b', '1')]), txn([], [deletion])],
      [txn([], [deletion]), txn([], [put('b', '1')])],
      [txn([], [del('b')], [put('b', '1')]), deletion],
      [deletion, txn([], [del('b', FROM_KEY)], [put('b', '1')])],
      [deletion, txn([], [del('a', 'z'), del('0')], [put('b', '1')]), del('0', '1')],
    ];
    for (const branch of members) {
      assert.equal(refusal(store, txn([], branch)), 'duplicateKey');
      assert.equal(refusal(store, txn([], [], branch)), 'duplicateKey');
    }
  }
});

test('deletes may overlap, and so may writes that never run together', () => {
  const store = storeWith();
  const allowed: TxnRequest[] = [
    txn([], [del('a', 'c'), del('b', 'd'), del('b')]),
    txn([], [put('a', '1')], [put('a', '2')]),
    txn([], [txn([], [put('a', '1')], [put('a', '2')])]),
    txn([], [txn([], [put('a', '1')], [del('a', 'b')])]),
    txn([], [put('a', '1'), del('b', 'c'), del('0', 'a'), del('z', 'a')]),
  ];
  for (const request of allowed) assert.equal(refusal(store, request), null);
});

test('writes that overlap are found whatever the nesting', () => {
  fc.assert(
    fc.property(writes, (request) => {
      assert.equal(validate(request), refusalOfShape(request));
    }),
    { numRuns: 2000 },
  );
});

test('a list of more than 128 is refused, and nested ones share what is left', () => {
  const reads = (count: number): Operation[] => Array.from({ length: count }, () => range('a'));
  const condition = compare('a', 'equal', { target: 'mod', value: 0 });
  const conditions = (count: number): Compare[] => Array.from({ length: count }, () => condition);
  assert.equal(validate(txn(conditions(128), reads(128), reads(128))), null);
  assert.equal(validate(txn([], reads(129))), 'tooManyOperations');
  assert.equal(validate(txn([], [], reads(129))), 'tooManyOperations');
  assert.equal(validate(txn(conditions(129), [])), 'tooManyOperations');
  const nest = (inner: TxnRequest): TxnRequest => txn(conditions(28), [inner]);
  assert.equal(validate(nest(txn([], reads(100)))), null);
  assert.equal(validate(nest(txn([], reads(101)))), 'tooManyOperations');
  // A server may allow more, up to what a log may hold.
  assert.equal(validate(txn([], reads(129)), 129), null);
  assert.equal(refusal(storeWith(), txn([], reads(65_537))), 'tooManyOperations');
});

test('nesting ends where the operations do', () => {
  let nested = txn([], []);
  for (let depth = 0; depth < 128; depth++) nested = txn([], [nested]);
  assert.equal(validate(nested), null);
  assert.equal(storeWith().execute(nested).kind, 'txn');
  for (let depth = 0; depth < 100_000; depth++) nested = txn([], [nested]);
  assert.equal(validate(nested), 'tooManyOperations');
});

test('an operation with nothing in it is refused in its turn', () => {
  const store = storeWith();
  assert.equal(refusal(store, txn([], [{ kind: 'empty' }])), 'emptyOperation');
  assert.equal(refusal(store, txn([], [put('', ''), { kind: 'empty' }])), 'emptyKey');
  assert.equal(refusal(store, txn([], [{ kind: 'empty' }], [put('', '')])), 'emptyOperation');
  const twice = [put('a', '1'), put('a', '1'), put('', '1')];
  assert.equal(refusal(store, txn([], twice)), 'emptyKey');
});

test('an empty key in a compare is refused', () => {
  const condition = compare('', 'equal', { target: 'mod', value: 0 });
  assert.equal(refusal(storeWith(), txn([condition], [])), 'emptyKey');
});

test('the overlap check stays fast for many writes in a deep nest', () => {
  const leaves = (prefix: string): Operation[] =>
    Array.from({ length: 32 }, (_, i) =>
      i % 2 === 0 ? put(`${prefix}-${i}`, '') : del(`${prefix}-${i}/`, `${prefix}-${i}/~`),
    );
  let nested: Operation[] = Array.from({ length: 32 }, (_, i) => txn([], leaves(`${i}`)));
  for (let depth = 0; depth < 60; depth++) nested = [txn([], nested)];
  assert.equal(validate(txn([], nested)), null);
});

test('puts are looked at before reads, at any depth', () => {
  const future = { ...range('a'), revision: 1000 };
  const unknownLease = put('a', '1', { lease: 99n });
  assert.equal(refusal(storeWith(), txn([], [future, unknownLease])), 'leaseNotFound');
  assert.equal(refusal(storeWith(), txn([], [future, txn([], [unknownLease])])), 'leaseNotFound');
  assert.equal(refusal(storeWith(), txn([], [future, put('a', '1')])), 'futureRevision');
});
