/** `fail` reports an error, content unknown; `lose` reports success, and nothing became durable. */
export type SyncFault = 'fail' | 'lose';

/** A byte of a file. */
export interface DiskPlace {
  readonly path: string;
  readonly offset: number;
}

/** A fault that did strike, with the file it struck. */
export interface StruckFault {
  readonly kind: 'failed sync' | 'lost sync' | 'failed read' | 'misdirected write' | 'flipped bit';
  readonly path: string;
}

type Matches = (path: string) => boolean;

interface Injected<Kind> {
  readonly kind: Kind;
  readonly matches: Matches;
  left: number;
}

/** Faults that wait for the operation they spoil. */
export class DiskFaults {
  /** In the order in which they struck. */
  readonly struck: StruckFault[] = [];
  readonly #syncs: Injected<SyncFault>[] = [];
  readonly #reads: Injected<'read'>[] = [];
  readonly #writes: Injected<'write'>[] = [];

  injectSync(kind: SyncFault, matches: Matches, count: number): void {
    this.#syncs.push({ kind, matches, left: count });
  }

  injectRead(matches: Matches, count: number): void {
    this.#reads.push({ kind: 'read', matches, left: count });
  }

  injectMisdirection(matches: Matches, count: number): void {
    this.#writes.push({ kind: 'write', matches, left: count });
  }

  clearSyncs(): void {
    this.#syncs.length = 0;
  }

  clear(): void {
    this.clearSyncs();
    this.#reads.length = 0;
    this.#writes.length = 0;
  }

  /** @returns what happens to a sync of the file, null when nothing does */
  strikeSync(path: string): SyncFault | null {
    const fault = take(this.#syncs, path);
    if (fault === null) return null;
    this.note(fault.kind === 'fail' ? 'failed sync' : 'lost sync', path);
    return fault.kind;
  }

  strikesRead(path: string): boolean {
    if (take(this.#reads, path) === null) return false;
    this.note('failed read', path);
    return true;
  }

  /** @returns which files the write may land in, null when it lands where it should */
  strikeWrite(path: string): Matches | null {
    const fault = take(this.#writes, path);
    if (fault === null) return null;
    this.note('misdirected write', path);
    return fault.matches;
  }

  note(kind: StruckFault['kind'], path: string): void {
    this.struck.push({ kind, path });
  }
}

/** The oldest that fits; one that is used up is forgotten. */
function take<Kind>(faults: Injected<Kind>[], path: string): Injected<Kind> | null {
  if (faults.length === 0) return null;
  const at = faults.findIndex((fault) => fault.left > 0 && fault.matches(path));
  const fault = faults[at];
  if (fault === undefined) return null;
  fault.left -= 1;
  if (fault.left === 0) faults.splice(at, 1);
  return fault;
}
