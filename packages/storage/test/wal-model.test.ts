import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { FileSystemError, Prng } from '@quorate/base';
import type { GroupWrite, LogStore } from '@quorate/raft';
import { PowerFailure } from '@quorate/sim';
import { applyToModel, type LogModel, modelOf, randomWrite } from '../conformance/log-model.ts';
import { openWriteAheadLog } from '../src/index.ts';
import { VirtualWorld } from './virtual-world.ts';

const groups = [1, 2, 2 ** 45];

/** One node on one disk: lives, dies at any moment, and is held to what it has acknowledged. */
class ModelRun {
  readonly #world: VirtualWorld;
  readonly #prng: Prng;
  readonly #segmentBytes: number;
  readonly #incarnation: number;
  /** As of the last recovery, and what was submitted since. */
  #recovered: LogModel = new Map();
  #submitted: (readonly GroupWrite[])[] = [];
  #completed = 0;
  #failed = false;

  constructor(seed: number) {
    this.#world = new VirtualWorld(seed);
    this.#prng = new Prng(seed + 1);
    this.#segmentBytes = this.#prng.pick([1024, 2048, 8192]);
    this.#incarnation = this.#prng.below(2 ** 48);
  }

  life(): void {
    const log = this.#open();
    if (!log) return;
    this.#checkRecovered(log);
    this.#recovered = modelOf(log.recovered);
    this.#submitted = [];
    this.#completed = 0;
    this.#failed = false;
    this.#work(log);
    if (this.#prng.chance(0.3)) this.#world.kill();
    else this.#world.crash();
  }

  /** @returns null when the power failed during recovery */
  #open(): LogStore | null {
    const { disk, ports } = this.#world;
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    if (this.#prng.chance(0.3)) disk.blocking.failPowerAfter(this.#prng.between(1, 8));
    try {
      return openWriteAheadLog({
        ports,
        directory: '.',
        incarnation: this.#incarnation,
        segmentBytes: this.#segmentBytes,
      });
    } catch (error) {
      const failedSync = error instanceof FileSystemError && error.kind === 'io';
      if (!failedSync && !(error instanceof PowerFailure)) throw error;
      if (failedSync && this.#prng.chance(0.5)) this.#world.kill();
      else this.#world.crash();
      return null;
    } finally {
      disk.blocking.failPowerAfter(Number.POSITIVE_INFINITY);
    }
  }

  #work(log: LogStore): void {
    const planned = modelOf(this.#recovered);
    const turns = this.#prng.below(this.#prng.chance(0.4) ? 3 : 120);
    for (let turn = 0; turn < turns && !this.#failed; turn++) {
      if (this.#prng.chance(0.5)) this.#submit(log, planned);
      this.#disturb();
      const steps = this.#prng.below(this.#prng.pick([1, 12]));
      for (let step = 0; step < steps; step++) this.#world.step();
    }
    if (this.#prng.chance(0.2)) this.#world.run(10_000);
  }

  #disturb(): void {
    const { disk } = this.#world;
    if (this.#prng.chance(0.004)) disk.injectSyncFault('fail', () => true, 1);
    if (this.#prng.chance(0.02)) disk.capacityBytes = disk.usedBytes + this.#prng.below(4000);
    if (this.#prng.chance(0.05)) disk.capacityBytes = Number.POSITIVE_INFINITY;
  }

  #submit(log: LogStore, planned: LogModel): void {
    const writes: GroupWrite[] = [];
    for (const group of groups) {
      if (!this.#prng.chance(group === 2 ? 0.1 : 0.6)) continue;
      const write = randomWrite(this.#prng, planned, group);
      applyToModel(planned, write);
      writes.push(write);
    }
    this.#submitted.push(writes);
    const number = this.#submitted.length;
    log.submit(writes, (error) => {
      if (error) {
        this.#failed = true;
        return;
      }
      assert.ok(!this.#failed, 'nothing succeeds after a failure');
      assert.equal(number, this.#completed + 1, 'completions come in order');
      this.#completed = number;
    });
  }

  /** What was recovered is the state after some submission, at or after the last acknowledged. */
  #checkRecovered(log: LogStore): void {
    const found = modelOf(log.recovered);
    const model = this.#recovered;
    for (let count = 0; count <= this.#submitted.length; count++) {
      if (count > 0)
        for (const write of this.#submitted[count - 1] ?? []) applyToModel(model, write);
      if (count >= this.#completed && isDeepStrictEqual(withoutIdle(found), withoutIdle(model))) {
        return;
      }
    }
    assert.fail(`recovered what was never the state, or less than ${this.#completed} submissions`);
  }
}

/** A group of which nothing was ever written may be listed or not. */
function withoutIdle(model: LogModel): LogModel {
  return new Map(
    [...model]
      .filter(([, { hardState, snapshot, logStart, entries }]) => {
        return hardState.term > 0 || snapshot || logStart.index > 0 || entries.length > 0;
      })
      .sort(([a], [b]) => a - b),
  );
}

const firstSeed = Number(process.env['SEED'] ?? 1);
const seeds = Number(process.env['SEEDS'] ?? (process.env['SEED'] ? 1 : 250));

test('whatever was acknowledged survives crashes at any moment, and nothing else appears', () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const run = new ModelRun(seed);
    try {
      for (let life = 0; life < 10; life++) run.life();
    } catch (error) {
      const command = `SEED=${seed} node --test packages/storage/test/wal-model.test.ts`;
      throw new Error(`seed ${seed}; again with: ${command}`, { cause: error });
    }
  }
});
