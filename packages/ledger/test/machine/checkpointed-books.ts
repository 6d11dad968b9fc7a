import { createHash } from 'node:crypto';
import { type Checkpoint, type CheckpointExpansion, Prng } from '@quorate/base';
import { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { RecordReader } from '../../src/machine/record-reader.ts';
import { idBytes, idRunBytes, RecordKind, storedMark } from '../../src/machine/snapshot-layout.ts';
import { placeOf } from '../../src/machine/stored-record.ts';
import { BooksAdapter } from '../books-adapter.ts';
import type { AccountEvent, Outcome, TransferEvent } from '../oracle/books-under-test.ts';
import { PartsDisk } from '../parts/parts-disk.ts';

type Entry = (books: BooksAdapter) => Outcome;

/** What a snapshot store would have. */
interface Stored {
  readonly index: number;
  readonly chunks: readonly Uint8Array[];
}

/** Small, so that there are chunks, runs of ids, merges of these, and files without use. */
export const smallLimits = { idsInMemory: 100, transfersPerChunk: 32, accountFileBytes: 2000 };

/**
 * Books on a disk, of which checkpoints are taken, named, collected and sent, with what may happen
 * in between drawn at random: failures of the disk, and losses of power, after which the books are
 * made of the checkpoint that was named and the entries behind it.
 */
export class CheckpointedBooks extends BooksAdapter {
  readonly disk: PartsDisk;
  machine: LedgerMachine;
  /** How often what has happened. */
  readonly counts = { checkpoints: 0, crashes: 0, sent: 0, failures: 0, installed: 0 };
  readonly #prng: Prng;
  /** All entries; index 1 is the first. */
  readonly #log: Entry[] = [];
  #taking: {
    readonly index: number;
    readonly chunks: Uint8Array[];
    readonly from: Checkpoint;
  } | null = null;
  #isPersisting = false;
  #committed: Stored | null = null;
  #named: Stored | null = null;
  /** Of the named one, while the machine has not been told. */
  #isCollectDue = false;
  #sending: {
    readonly of: Stored;
    readonly expansion: CheckpointExpansion;
    readonly stored: Uint8Array[];
    readonly ready: (() => Uint8Array)[];
    readonly sent: Uint8Array[];
  } | null = null;

  constructor(seed: number) {
    const disk = new PartsDisk(seed);
    const machine = openMachine(disk);
    super(machine.books);
    this.disk = disk;
    this.machine = machine;
    this.#prng = new Prng(seed * 7919);
  }

  override createAccounts(events: readonly AccountEvent[], micros: number): Outcome {
    return this.#play((books) => books.createAccounts(events, micros));
  }

  override createTransfers(events: readonly TransferEvent[], micros: number): Outcome {
    return this.#play((books) => books.createTransfers(events, micros));
  }

  override pulse(micros: number): Outcome {
    return this.#play((books) => books.pulse(micros));
  }

  /** A checkpoint is taken, named and collected, with nothing else under way. */
  finish(): void {
    this.disk.disk.clearFaults();
    this.#endSending();
    this.#taking?.from.return?.();
    this.#taking = null;
    this.disk.settle();
    this.#committed = null;
    // As if an entry had come that changed nothing.
    const index = this.#log.length + 1;
    this.#taking = { index, chunks: [], from: this.machine.checkpoints.take(index) };
    this.#draw(Number.POSITIVE_INFINITY);
    this.disk.settle();
    this.#isCollectDue = true;
    this.#named = this.#committed;
    this.#collect();
    this.disk.settle();
  }

  /** Files of parts that the named checkpoint, or the books as they are, refer to. */
  filesInUse(): Set<number> {
    const files = new Set<number>();
    const reader = new RecordReader((kind, bytes) => {
      if ((kind & storedMark) !== 0) files.add(placeOf(bytes).file);
    });
    for (const chunk of this.#named?.chunks ?? []) reader.read(chunk);
    const { ids, accountParts, transfers, statuses, history } = this.machine.books.state;
    const used = [ids.runFiles(), accountParts?.files() ?? [], transfers.sealed.files];
    for (const some of [...used, statuses.stored.files, history.full.files])
      for (const file of some) files.add(file);
    return files;
  }

  get named(): Stored | null {
    return this.#named;
  }

  #play(entry: Entry): Outcome {
    const prng = this.#prng;
    this.#log.push(entry);
    const outcome = entry(new BooksAdapter(this.machine.books));
    this.disk.run(prng.float() * 10);
    this.#happen();
    this.books = this.machine.books;
    return outcome;
  }

  #happen(): void {
    const prng = this.#prng;
    if (prng.chance(0.3)) this.#begin();
    // Many steps come to nothing yet, where transfers are sealed for the checkpoint.
    this.#draw(prng.below(prng.chance(0.5) ? 3 : 60));
    if (prng.chance(0.4)) this.#name();
    if (prng.chance(0.4)) this.#collect();
    if (prng.chance(0.1)) this.#beginSending();
    this.#send(prng.below(3));
    if (prng.chance(0.03)) this.disk.disk.injectSyncFault('fail', () => true, 1);
    if (prng.chance(0.03)) this.#fillDisk();
    if (prng.chance(0.03)) this.#install();
    if (prng.chance(0.06)) this.#crash();
  }

  #begin(): void {
    if (this.#taking !== null || this.#isPersisting || this.#committed !== null) return;
    const index = this.#log.length;
    if (index === this.#named?.index) return;
    this.#taking = { index, chunks: [], from: this.machine.checkpoints.take(index) };
  }

  #draw(most: number): void {
    const taking = this.#taking;
    for (let drawn = 0; taking !== null && drawn < most; drawn++) {
      const next = taking.from.next();
      if (next.done !== true) {
        taking.chunks.push(next.value);
        continue;
      }
      this.#taking = null;
      const { machine } = this;
      this.#isPersisting = true;
      taking.from.persist((error) => {
        if (machine !== this.machine) return;
        this.#isPersisting = false;
        if (error === null) this.#committed = taking;
        else this.counts.failures++;
      });
      return;
    }
    if (taking === null || !this.#prng.chance(0.03)) return;
    taking.from.return?.();
    this.#taking = null;
  }

  #name(): void {
    if (this.#committed === null || this.#isCollectDue) return;
    this.counts.checkpoints++;
    // Sometimes the file cannot be committed after all.
    if (this.#prng.chance(0.9)) this.#named = this.#committed;
    this.#isCollectDue = this.#named === this.#committed;
    this.#committed = null;
  }

  #collect(): void {
    if (this.#isCollectDue) this.machine.checkpoints.collect(this.#named?.index ?? 0);
    this.#isCollectDue = false;
  }

  #beginSending(): void {
    const named = this.#named;
    if (named === null || this.#sending !== null || this.#isCollectDue) return;
    const expansion = this.machine.checkpoints.expand();
    const stored = [...named.chunks];
    this.#sending = { of: named, expansion, stored, ready: [], sent: [] };
  }

  #send(most: number): void {
    const sending = this.#sending;
    if (sending === null) return;
    for (let drawn = 0; drawn < most; drawn++) {
      const draw = sending.ready.shift();
      if (draw !== undefined) {
        sending.sent.push(draw());
        continue;
      }
      const stored = sending.stored.shift();
      if (stored !== undefined) {
        sending.ready.push(...sending.expansion.expand(stored));
        continue;
      }
      this.counts.sent++;
      this.#endSending();
      this.#check(sending.of, sending.sent);
      return;
    }
  }

  #endSending(): void {
    this.#sending?.expansion.close();
    this.#sending = null;
  }

  /** Another node, without a disk, comes to the same state. */
  #check({ index }: Stored, chunks: readonly Uint8Array[]): void {
    const other = new LedgerMachine({ hashSeed: 5, limits: smallLimits });
    restore(other, chunks);
    for (const entry of this.#log.slice(index)) entry(new BooksAdapter(other.books));
    const here = new LedgerMachine({ hashSeed: 5, limits: smallLimits });
    restore(here, drawn(this.machine.snapshot()));
    if (contentOf(other) !== contentOf(here))
      throw new Error(`what was sent of ${index} is another state than what is here`);
  }

  /** A snapshot of another node is named, and restored after that. */
  #install(): void {
    if (this.#taking !== null || this.#isPersisting) return;
    this.counts.installed++;
    const chunks = drawn(this.machine.snapshot());
    this.#endSending();
    this.#committed = null;
    this.#named = { index: this.#log.length, chunks };
    this.#isCollectDue = true;
    this.#collect();
    restore(this.machine, chunks, () => {
      if (this.#prng.chance(0.3)) this.machine.checkpoints.collect(this.#log.length);
      this.disk.run(1);
    });
  }

  #fillDisk(): void {
    const { disk } = this.disk;
    disk.capacityBytes = disk.usedBytes + this.#prng.below(5000);
    this.disk.scheduler.schedule(20, () => {
      disk.capacityBytes = Number.POSITIVE_INFINITY;
    });
  }

  #crash(): void {
    const prng = this.#prng;
    this.counts.crashes++;
    const { disk } = this.disk;
    if (prng.chance(0.7)) disk.crash();
    else disk.kill();
    disk.clearFaults();
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    // The log may have named it, and nobody has heard.
    if (this.#committed !== null && prng.chance(0.5)) this.#named = this.#committed;
    this.#committed = null;
    this.#taking = null;
    this.#isPersisting = false;
    this.#isCollectDue = false;
    this.#sending = null;
    this.machine = openMachine(this.disk);
    if (this.#named !== null) restore(this.machine, this.#named.chunks);
    for (const entry of this.#log.slice(this.#named?.index ?? 0))
      entry(new BooksAdapter(this.machine.books));
  }
}

/** As a node that starts. */
export function openMachine(disk: PartsDisk, hashSeed = 5): LedgerMachine {
  const machine = new LedgerMachine({ hashSeed, limits: smallLimits });
  machine.checkpoints.open(disk.place());
  return machine;
}

/** All that the books have, in one form, however ids are kept. */
export function contentOf(machine: LedgerMachine): string {
  const ids: string[] = [];
  const hash = createHash('sha256');
  const reader = new RecordReader((kind, bytes) => {
    if (kind === RecordKind.idRuns || kind === RecordKind.ids) ids.push(...idsIn(kind, bytes));
    else hash.update(Uint8Array.of(kind)).update(bytes);
  });
  for (const chunk of drawn(machine.snapshot())) reader.read(chunk);
  return hash.update(ids.sort().join()).digest('hex');
}

/** @returns of each id the number and the position */
function idsIn(kind: number, bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isRuns = kind === RecordKind.idRuns;
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += isRuns ? idRunBytes : idBytes) {
    const first = (view.getBigUint64(at + 8, true) << 64n) | view.getBigUint64(at, true);
    const position = view.getFloat64(at + 16, true);
    const length = isRuns ? view.getFloat64(at + 24, true) : 1;
    for (let more = 0; more < length; more++)
      found.push(`${first + BigInt(more)} ${position + more}`);
  }
  return found;
}

export function drawn(chunks: Iterator<Uint8Array, void>): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) all.push(next.value);
  return all;
}

export function restore(
  machine: LedgerMachine,
  chunks: readonly Uint8Array[],
  between: () => void = () => undefined,
): void {
  const sink = machine.restore();
  for (const chunk of chunks) {
    sink.chunk(chunk);
    between();
  }
  sink.finish();
}
