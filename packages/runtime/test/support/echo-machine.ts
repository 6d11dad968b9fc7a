import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import { concatBytes } from '@quorate/base';

/** Keeps every command; answers each with itself and where it stands. */
export class EchoMachine implements StateMachine<string> {
  commands: string[] = [];
  /** Sizes of the batches it was given. */
  readonly batches: number[] = [];
  /** Throws when it comes to a command of this text. */
  poison: string | null = null;
  breaks: 'snapshot' | 'chunk' | 'restore' | 'finish' | 'prefetch' | null = null;
  /** Prefetches wait here when it is not null. */
  prefetching: ((error: Error | null) => void)[] | null = null;

  prefetch(_entries: readonly AppliedEntry[], done: (error: Error | null) => void): void {
    if (this.breaks === 'prefetch') throw new Error('prefetch is broken');
    if (this.prefetching === null) done(null);
    else this.prefetching.push(done);
  }

  apply(entries: readonly AppliedEntry[]): readonly string[] {
    this.batches.push(entries.length);
    return entries.map(({ index, command }) => {
      const text = new TextDecoder().decode(command);
      if (text === this.poison) throw new Error(`poisoned by ${text}`);
      this.commands.push(text);
      return `${text}@${index}`;
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    if (this.breaks === 'snapshot') throw new Error('snapshot is broken');
    const left = this.commands.map((text) => new TextEncoder().encode(`${text}\n`));
    return {
      next: () => {
        if (this.breaks === 'chunk') throw new Error('a chunk is broken');
        const value = left.shift();
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
    };
  }

  restore(): SnapshotSink {
    if (this.breaks === 'restore') throw new Error('restore is broken');
    const chunks: Uint8Array[] = [];
    return {
      chunk: (bytes) => chunks.push(bytes.slice()),
      finish: () => {
        if (this.breaks === 'finish') throw new Error('the snapshot is not complete');
        const text = new TextDecoder().decode(concatBytes(chunks));
        this.commands = text === '' ? [] : text.trimEnd().split('\n');
      },
    };
  }
}
