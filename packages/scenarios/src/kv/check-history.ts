import { equalBytes } from '@quorate/base';
import { decodeCommand, type KvCommand, type KvStateMachine, type LeaseCommand } from '@quorate/kv';
import { InvariantViolation } from '@quorate/sim';
import { type AppliedCommand, type AppliedLog, isSameResult } from './applied-log.ts';
import type { ClientRead, ClientWrite, History } from './history.ts';
import { rangeRequest } from './requests.ts';
import { SingleCopy } from './single-copy.ts';

const text = new TextDecoder();
const toTheEnd = new Uint8Array(1);

/** Revisions at which each replica is compared with the single copy, beside the latest. */
const sampledRevisions = 24;

/**
 * Compares everything that clients were told with the log that the replicas applied:
 * acknowledged commands are there and answered as a single copy would, refused ones are not, no
 * command is there twice or was never sent, and every read saw the state of its revision.
 *
 * @returns the single copy, for the replicas to be compared with
 * @throws InvariantViolation
 */
export function checkHistory(history: History, log: AppliedLog): SingleCopy {
  const copy = new SingleCopy();
  const applied = new Map<string, AppliedCommand>();
  const deletions = new Map<string, number>();
  for (const entry of log) {
    const command = decodeCommand(entry.command);
    if (!copy.apply(command, entry.result)) {
      throw new InvariantViolation(
        'applied as by a single copy',
        `index ${entry.index} was answered ${JSON.stringify(entry.result.kind)} at revision ` +
          `${entry.result.revision}; a single copy is at ${copy.revision} there`,
      );
    }
    if (isAboutLeases(command)) continue;
    const tag = tagOf(command);
    if (tag === null) {
      const key = keyOf(command);
      deletions.set(key, (deletions.get(key) ?? 0) + 1);
      continue;
    }
    const before = applied.get(tag);
    if (before !== undefined) {
      throw new InvariantViolation(
        'applied at most once',
        `the command that wrote '${tag}' was applied at index ${before.index} and ${entry.index}`,
      );
    }
    applied.set(tag, entry);
  }
  checkWrites(history.writes, log, applied, deletions);
  for (const read of history.reads) checkRead(read, copy);
  return copy;
}

function isAboutLeases(command: KvCommand): command is LeaseCommand {
  return command.kind.startsWith('lease');
}

/** Of the client's operation, as it is in front of each value; null for a plain deletion. */
function tagOf(command: KvCommand): string | null {
  const put = command.kind === 'txn' ? command.success[0] : command;
  if (put?.kind !== 'put') return null;
  return /^\d+\.\d+\./.exec(text.decode(put.value.subarray(0, 40)))?.[0] ?? '?';
}

function keyOf(command: KvCommand): string {
  return command.kind === 'deleteRange' ? text.decode(command.key) : '';
}

function checkWrites(
  writes: readonly ClientWrite[],
  log: AppliedLog,
  applied: ReadonlyMap<string, AppliedCommand>,
  deletions: Map<string, number>,
): void {
  const known = new Set<string>();
  for (const write of writes) {
    const { outcome, tag, key } = write;
    known.add(tag);
    if (outcome.kind === 'done') {
      const entry = log.at(outcome.index);
      if (entry === undefined || !equalBytes(entry.command, write.command)) {
        throw new InvariantViolation(
          'acknowledged writes are kept',
          `the ${write.kind} of ${key} acknowledged at index ${outcome.index} is not there`,
        );
      }
      if (outcome.result !== null && !isSameResult(entry.result, outcome.result)) {
        throw new InvariantViolation(
          'answered as applied',
          `the ${write.kind} of ${key} was answered revision ${outcome.result.revision}, and ` +
            `applied at index ${outcome.index} at revision ${entry.result.revision}`,
        );
      }
    }
    if (write.kind === 'delete') {
      if (outcome.kind !== 'refused') deletions.set(key, (deletions.get(key) ?? 0) - 1);
    } else if (outcome.kind === 'refused' && applied.has(tag)) {
      throw new InvariantViolation(
        'refused writes never happen',
        `the ${write.kind} of ${key} was refused with ${outcome.code} and applied at index ` +
          `${applied.get(tag)?.index}`,
      );
    }
  }
  for (const [tag, { index }] of applied) {
    if (known.has(tag)) continue;
    throw new InvariantViolation('no phantom', `nobody sent what index ${index} wrote: '${tag}'`);
  }
  for (const [key, tooMany] of deletions) {
    if (tooMany <= 0) continue;
    throw new InvariantViolation(
      'refused writes never happen',
      `${tooMany} more deletions of ${key} were applied than could have been`,
    );
  }
}

function checkRead(read: ClientRead, copy: SingleCopy): void {
  const keys = read.key === null ? copy.keys() : [read.key];
  const expected = keys.flatMap((key) => {
    const version = copy.at(key, read.revision);
    return version === null ? [] : [`${key}@${version.revision}=${version.value}`];
  });
  const found = read.found.map(({ key, value, modRevision }) => `${key}@${modRevision}=${value}`);
  if (found.join('\n') === expected.join('\n')) return;
  throw new InvariantViolation(
    'linearizability',
    `a read of ${read.key ?? 'all keys'} at revision ${read.revision} found ` +
      `${brief(found)}, where there was ${brief(expected)}`,
  );
}

function brief(found: readonly string[]): string {
  return found.length === 0 ? 'nothing' : found.map((one) => one.slice(0, 40)).join(', ');
}

/**
 * Compares one replica's store with the single copy, now and at some revisions of the past.
 *
 * @throws InvariantViolation
 */
export function checkReplica(machine: KvStateMachine, copy: SingleCopy, node: number): void {
  const step = Math.max(1, Math.floor(copy.revision / sampledRevisions));
  for (let revision = copy.revision; revision > 0; revision -= step) {
    const isLatest = revision === copy.revision;
    const result = machine.range(rangeRequest(toTheEnd, toTheEnd, isLatest ? 0 : revision));
    const found =
      result.kind === 'range'
        ? result.keyValues.map(
            ({ key, value, modRevision }) =>
              `${text.decode(key)}@${modRevision}=${text.decode(value)}`,
          )
        : [result.refusal];
    const expected = copy.keys().flatMap((key) => {
      const version = copy.at(key, revision);
      return version === null ? [] : [`${key}@${version.revision}=${version.value}`];
    });
    const isBehind = isLatest && result.revision !== copy.revision;
    if (!isBehind && found.join('\n') === expected.join('\n')) continue;
    throw new InvariantViolation(
      'replicas agree',
      `node ${node}, at revision ${result.revision}, holds ${brief(found)} at revision ` +
        `${revision}, where a single copy holds ${brief(expected)}`,
    );
  }
}
