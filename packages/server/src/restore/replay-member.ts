import { crc32 } from 'node:zlib';
import type { AppliedEntry } from '@quorate/base';
import { KvStateMachine } from '@quorate/kv';
import type { StoppedMember } from '@quorate/node';
import {
  type Configuration,
  decodeConfiguration,
  type Entry,
  EntryKind,
  type LogIndex,
  type Term,
} from '@quorate/schema';
import { EtcdStateMachine } from '../core/etcd-state-machine.ts';

/** The state that a stopped member has once all of its log is applied, committed or not. */
export interface ReplayedMember {
  readonly machine: EtcdStateMachine;
  /** The store inside `machine`. */
  readonly store: KvStateMachine;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Of the last entry. */
  readonly timestampMicros: number;
  /** Known to be committed up to here; there may be more. */
  readonly commitIndex: LogIndex;
  readonly term: Term;
  /** The newest in the log. */
  readonly configuration: Configuration;
  /** The log lacks acknowledged entries up to here, which damage took; 0: it lacks none. */
  readonly repairUntil: LogIndex;
}

/** In one call of `apply`. */
const batchEntries = 1024;

/**
 * @returns null when the member has no state: it never ran, or it holds the log without its data
 * @throws StorageError, FileSystemError when the snapshot cannot be read
 */
export async function replayMember(member: StoppedMember): Promise<ReplayedMember | null> {
  const { group } = member;
  if (group === null || group.snapshot === null || group.snapshot.withheld) return null;
  const { snapshot, hardState, repairUntil } = group;
  const entries = group.entries.filter(({ index }) => index > snapshot.index);
  if (entries.some(({ kind }) => kind === EntryKind.withheld)) return null;
  const store = new KvStateMachine({ checksum: { crc32 } });
  const machine = new EtcdStateMachine(store);
  if (snapshot.index > 0) {
    const sink = machine.restore();
    await member.readSnapshot(snapshot, (chunk) => sink.chunk(chunk));
    sink.finish();
  }
  const commands = entries.filter(({ kind }) => kind === EntryKind.command).map(applied);
  for (let at = 0; at < commands.length; at += batchEntries) {
    machine.apply(commands.slice(at, at + batchEntries));
  }
  const { index, term, timestampMicros } = entries.at(-1) ?? snapshot;
  const changed = entries.findLast(({ kind }) => kind === EntryKind.configuration);
  return {
    machine,
    store,
    lastIndex: index,
    lastTerm: term,
    timestampMicros,
    commitIndex: Math.min(index, Math.max(snapshot.index, hardState.commitIndex)),
    term: Math.max(term, hardState.term),
    configuration:
      changed === undefined ? snapshot.configuration : decodeConfiguration(changed.data),
    repairUntil: repairUntil > index ? repairUntil : 0,
  };
}

function applied({ index, term, timestampMicros, data }: Entry): AppliedEntry {
  return { index, term, timestampMicros, command: data };
}
