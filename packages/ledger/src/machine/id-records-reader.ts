import { snapshotInvalid } from '../ledger-error.ts';
import type { PartPlace } from '../parts/part-store.ts';
import { failedId, type TransferIds } from '../transfers/transfer-ids.ts';
import { idBytes, idRunBytes, RecordKind } from './snapshot-layout.ts';

type Loader = ReturnType<TransferIds['loadRuns']>;

/** Takes over the records that `drawIds` makes, and says what is none. */
export class IdRecordsReader {
  readonly #ids: TransferIds;
  readonly #loader: Loader;
  readonly #positionEnd: number;
  #inRun = false;

  /** @param positionEnd how many transfers there are */
  constructor(ids: TransferIds, positionEnd: number) {
    this.#ids = ids;
    this.#loader = ids.loadRuns(positionEnd);
    this.#positionEnd = positionEnd;
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
  record(kind: number, bytes: Uint8Array): void {
    switch (kind) {
      case RecordKind.idRuns:
        this.#idRuns(bytes);
        return;
      case RecordKind.idRun:
        if (bytes.length !== 1) snapshotInvalid('the level of a run of ids has a byte');
        this.#loader.beginRun(bytes[0] as number);
        this.#inRun = true;
        return;
      case RecordKind.idSegment:
        this.#checkRun();
        this.#loader.addBytes(bytes);
        return;
      case RecordKind.ids:
        this.#strays(bytes);
        return;
      default:
        snapshotInvalid(`an unknown kind of record: ${kind}`);
    }
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID, LEDGER_PART_DAMAGED */
  stored(kind: number, place: PartPlace): void {
    if (kind !== RecordKind.idSegment) snapshotInvalid(`an unknown kind of part: ${kind}`);
    this.#checkRun();
    this.#loader.addPlace(place);
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
  end(): void {
    this.#loader.end();
  }

  #checkRun(): void {
    if (!this.#inRun) snapshotInvalid('a segment of ids of no run');
  }

  #idRuns(bytes: Uint8Array): void {
    if (bytes.length % idRunBytes !== 0) snapshotInvalid('half a run of ids');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += idRunBytes) {
      const [l0, l1, l2, l3] = lanesAt(view, at);
      const [position, length] = [view.getFloat64(at + 16, true), view.getFloat64(at + 24, true)];
      const isRun = this.#isPosition(position) && this.#isPosition(position + length - 1);
      if (!isRun || length < 1) snapshotInvalid('a run of ids of no transfers');
      if (!this.#ids.areUnused(l0, l1, l2, l3, length)) snapshotInvalid('an id is there twice');
      this.#ids.addRun(l0, l1, l2, l3, position, length);
    }
  }

  #strays(bytes: Uint8Array): void {
    if (bytes.length % idBytes !== 0) snapshotInvalid('half an id');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += idBytes) {
      const [l0, l1, l2, l3] = lanesAt(view, at);
      const value = view.getFloat64(at + 16, true);
      if (value === failedId) this.#ids.addFailed(l0, l1, l2, l3);
      else if (this.#isPosition(value)) this.#ids.addStray(l0, l1, l2, l3, value);
      else snapshotInvalid('an id of no transfer');
    }
    this.#ids.settle();
  }

  #isPosition(value: number): boolean {
    return Number.isInteger(value) && value >= 0 && value < this.#positionEnd;
  }
}

function lanesAt(view: DataView, at: number): [number, number, number, number] {
  return [
    view.getInt32(at, true),
    view.getInt32(at + 4, true),
    view.getInt32(at + 8, true),
    view.getInt32(at + 12, true),
  ];
}
