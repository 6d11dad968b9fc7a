import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { MemoryParts } from '../../../src/parts/memory-parts.ts';
import type { IdsCheckpoint } from '../../../src/transfers/lone-ids.ts';
import { failedId, TransferIds, unusedId } from '../../../src/transfers/transfer-ids.ts';

type Lanes = readonly [number, number, number, number];

export function lanesOf(id: bigint): Lanes {
  const lane = (at: bigint): number => Number(BigInt.asIntN(32, id >> (32n * at)));
  return [lane(0n), lane(1n), lane(2n), lane(3n)];
}

/** Ids in several manners: spread evenly, by time, close to each other, differing above only. */
export function drawId(prng: Prng, style: number): bigint {
  const low = BigInt(prng.uint32());
  const middle = BigInt(prng.uint32());
  if (style === 0) return low | (middle << 32n) | (BigInt(prng.uint32()) << 96n) | (middle << 64n);
  if (style === 1) return low | (0x0193_5a00_0000n << 80n) | (BigInt(prng.below(5000)) << 80n);
  if (style === 2) return BigInt(prng.below(20_000)) + 2n ** 64n - 10_000n;
  return 7n | (low << 96n);
}

/** `TransferIds` with a disk, beside the map that it should be. */
export class IdsOnDisk {
  readonly parts: MemoryParts;
  readonly #options: { readonly tableIds: number; readonly segmentIds: number };
  readonly map = new Map<bigint, number>();
  ids: TransferIds;
  positions = 0;

  constructor(tableIds: number, segmentIds: number, seed = 1, parts = new MemoryParts()) {
    this.#options = { tableIds, segmentIds };
    this.parts = parts;
    this.ids = new TransferIds(seed, parts, this.#options);
  }

  add(id: bigint): void {
    if (this.map.has(id)) return;
    this.ids.add(...lanesOf(id), this.positions);
    this.map.set(id, this.positions++);
  }

  fail(id: bigint): void {
    if (this.map.has(id)) return;
    this.ids.addFailed(...lanesOf(id));
    this.map.set(id, failedId);
  }

  addRun(first: bigint, count: number): void {
    for (let at = 0; at < count; at++) if (this.map.has(first + BigInt(at))) return;
    assert.ok(this.ids.areUnused(...lanesOf(first), count));
    this.ids.addRun(...lanesOf(first), this.positions, count);
    for (let at = 0; at < count; at++) this.map.set(first + BigInt(at), this.positions++);
  }

  /** A batch of one manner, of which some ids fail. */
  batch(prng: Prng, count: number): void {
    const style = prng.below(4);
    for (let at = 0; at < count; at++) {
      if (prng.chance(0.1)) this.fail(drawId(prng, style));
      else this.add(drawId(prng, style));
    }
    this.ids.settle();
  }

  check(id: bigint): void {
    assert.equal(this.ids.find(...lanesOf(id)), this.map.get(id) ?? unusedId, `id ${id}`);
  }

  checkAll(): void {
    assert.equal(this.ids.count, this.map.size);
    for (const id of this.map.keys()) this.check(id);
  }

  /** Begins anew with what a checkpoint of it has, and another seed. */
  restart(checkpoint: IdsCheckpoint, seed: number): void {
    const runs = this.ids.freezeRuns();
    this.ids = new TransferIds(seed, this.parts, this.#options);
    const loader = this.ids.loadRuns(this.positions);
    for (const { level, segments } of checkpoint.runs) {
      loader.beginRun(level);
      for (const place of segments) loader.addPlace(place);
    }
    loader.end();
    this.#addRest(this.ids, checkpoint, runs);
  }

  /** What another node has after it got all that a checkpoint of this one has. */
  sendTo(other: TransferIds, checkpoint: IdsCheckpoint): void {
    const loader = other.loadRuns(this.positions);
    for (const { level, segments } of checkpoint.runs) {
      loader.beginRun(level);
      for (const place of segments) loader.addBytes(this.parts.read(place));
    }
    loader.end();
    this.#addRest(other, checkpoint, this.ids.freezeRuns());
  }

  filesOf(checkpoint: IdsCheckpoint): Set<number> {
    return new Set(checkpoint.runs.flatMap(({ segments }) => segments.map(({ file }) => file)));
  }

  #addRest(
    ids: TransferIds,
    checkpoint: IdsCheckpoint,
    runs: ReturnType<TransferIds['freezeRuns']>,
  ): void {
    for (const { lanes, positions, lengths, count } of runs)
      for (let run = 0; run < count; run++) {
        const [l0 = 0, l1 = 0, l2 = 0, l3 = 0] = lanes.subarray(run * 4, run * 4 + 4);
        const position = positions[run] ?? 0;
        ids.addRun(l0 | 0, l1 | 0, l2 | 0, l3 | 0, position, lengths[run] ?? 0);
      }
    for (const [id, value] of entriesOf(checkpoint)) {
      if (value === failedId) ids.addFailed(...lanesOf(id));
      else ids.addStray(...lanesOf(id), value);
    }
  }
}

/** The ids of a checkpoint that are not on disk. */
export function entriesOf(checkpoint: IdsCheckpoint): [bigint, number][] {
  const entries: [bigint, number][] = [];
  // In small pieces, as snapshots do it.
  for (let from = 0; from < checkpoint.entryCount; from += 50) {
    const to = Math.min(from + 50, checkpoint.entryCount);
    checkpoint.forEachEntry(from, to, (lanes, at, value) => {
      let id = 0n;
      for (let lane = 3; lane >= 0; lane--)
        id = (id << 32n) | BigInt((lanes[at + lane] ?? 0) >>> 0);
      entries.push([id, value]);
    });
  }
  return entries;
}
