import fc from 'fast-check';

/** Bytes of the values that columns have. */
export const ranges = [2, 4, 8, 16] as const;

/** Up to `bytes` long, with a liking for edges. */
export function unsigned(bytes: number): fc.Arbitrary<bigint> {
  const most = 256n ** BigInt(bytes) - 1n;
  const edges = Array.from({ length: bytes }, (_, i) => 256n ** BigInt(i + 1)).flatMap((edge) =>
    [edge - 2n, edge - 1n, edge, edge + 1n].filter((value) => value <= most),
  );
  return fc.oneof(
    fc.bigInt({ min: 0n, max: most }),
    fc.constantFrom(0n, 1n, ...edges, most),
    fc.integer({ min: 1, max: bytes }).chain((size) => {
      return fc.bigInt({ min: 0n, max: 256n ** BigInt(size) - 1n });
    }),
  );
}

/** Values of one column: alike, in sequence, close together or anyhow. */
export function columnValues(rangeBytes: number, maxCount = 40): fc.Arbitrary<bigint[]> {
  const most = 256n ** BigInt(rangeBytes) - 1n;
  const value = unsigned(rangeBytes);
  const within = (base: bigint, delta: bigint) => (base + delta > most ? most : base + delta);
  const near = fc
    .tuple(value, fc.integer({ min: 1, max: rangeBytes }))
    .chain(([base, size]) =>
      fc
        .array(unsigned(size), { minLength: 1, maxLength: maxCount })
        .map((deltas) => deltas.map((delta) => within(base, delta))),
    );
  const sequence = fc.tuple(value, fc.integer({ min: 1, max: maxCount })).map(([base, count]) => {
    const first = base + BigInt(count) > most ? most - BigInt(count - 1) : base;
    return Array.from({ length: count }, (_, i) => first + BigInt(i));
  });
  return fc.oneof(
    fc.array(value, { minLength: 1, maxLength: maxCount }),
    near,
    sequence,
    fc
      .tuple(value, fc.integer({ min: 1, max: maxCount }))
      .map(([constant, count]) => new Array<bigint>(count).fill(constant)),
  );
}
