import { ByteWriter } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import type { Session } from './session.ts';
import type { SessionTable, SessionWatcher } from './session-table.ts';
import { blockBytes, lengthBytes, writeHeader, writeSession } from './snapshot-format.ts';

/** How many sessions one call looks at, so that it takes about a millisecond at most. */
const maxLooks = 1024;

/**
 * Draws the sessions as they are now, then the inner state machine's snapshot, while apply goes on.
 *
 * Beginning costs the same for any number of sessions. The walk is over the table's own map, where
 * sessions stand by ascending id: those that come later lie behind it. One that is about to change
 * or to go before the walk has reached it is encoded at that moment, and that is what is sent; so
 * each is encoded once, whoever causes it.
 *
 * @see snapshot-format.ts for the layout
 */
export class SessionSnapshot implements Iterator<Uint8Array, void> {
  readonly #table: SessionTable;
  readonly #inner: Iterator<Uint8Array, void>;
  readonly #writer: ByteWriter = new ByteWriter();
  readonly #walk: Iterator<Session>;
  readonly #newestId: LogIndex;
  readonly #watcher: SessionWatcher;
  /** As they were when the snapshot began; changed or gone since, and not sent yet. */
  readonly #before: Map<LogIndex, Uint8Array> = new Map();
  readonly #scratch: ByteWriter = new ByteWriter();
  #sentId: LogIndex = 0;
  #stage: 'header' | 'sessions' | 'inner' = 'header';

  constructor(table: SessionTable, inner: Iterator<Uint8Array, void>) {
    this.#table = table;
    this.#inner = inner;
    this.#walk = table.sessions.values();
    this.#newestId = table.newestId;
    this.#watcher = (session) => this.#preserve(session);
    table.watch(this.#watcher);
    this.#writer.fixed32(0);
    writeHeader(this.#writer, table);
  }

  next(): IteratorResult<Uint8Array, void> {
    if (this.#stage === 'inner') return this.#inner.next();
    if (this.#stage === 'header') {
      this.#stage = 'sessions';
      this.#endBlock();
    } else {
      this.#writer.fixed32(0);
      this.#fillBlock();
    }
    return { done: false, value: this.#writer.take() };
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#end();
    return this.#inner.return?.() ?? { done: true, value: undefined };
  }

  #fillBlock(): void {
    for (let looks = 0; looks < maxLooks && this.#writer.length < blockBytes; looks++) {
      if (this.#writeOne()) continue;
      // A block without content is itself the end.
      if (this.#writer.length > lengthBytes) {
        this.#endBlock();
        this.#writer.fixed32(0);
      }
      this.#end();
      return;
    }
    this.#endBlock();
  }

  #endBlock(): void {
    this.#writer.patchFixed32(0, this.#writer.length - lengthBytes);
  }

  /** @returns false when there was none left */
  #writeOne(): boolean {
    const step = this.#walk.next();
    if (step.done !== true && step.value.id <= this.#newestId) {
      const session = step.value;
      const before = this.#before.get(session.id);
      if (before === undefined) writeSession(this.#writer, session);
      else this.#writer.raw(before);
      this.#before.delete(session.id);
      this.#sentId = session.id;
      return true;
    }
    const [gone] = this.#before;
    if (gone === undefined) return false;
    this.#writer.raw(gone[1]);
    return this.#before.delete(gone[0]);
  }

  #preserve(session: Session): void {
    const { id } = session;
    if (id <= this.#sentId || id > this.#newestId || this.#before.has(id)) return;
    writeSession(this.#scratch, session);
    this.#before.set(id, this.#scratch.take());
  }

  #end(): void {
    this.#stage = 'inner';
    this.#table.unwatch(this.#watcher);
    this.#before.clear();
  }
}
