import type { Prng } from '@quorate/base';
import type { LedgerAnswer } from '@quorate/ledger';
import { encodeSessionCommand, type GroupHandle, type SessionResult } from '@quorate/runtime';
import { InvariantViolation, type SimulatedCluster, type SimulatedNode } from '@quorate/sim';
import type { SessionPath } from '../kv/session-path.ts';
import type { Answered, WriteAnswer } from '../kv/write-path.ts';
import type { BatchSource } from './batch-source.ts';
import { checkRead } from './check-read.ts';
import type { LedgerLog } from './ledger-log.ts';
import type { LedgerTold } from './ledger-told.ts';
import type { ObservedLedger } from './observed-ledger.ts';
import type { SentBatch } from './sent-batch.ts';

/** What clients find to talk to, and whom they tell. */
export interface LedgerClients {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  /** Those that hold data. */
  readonly nodes: readonly SimulatedNode[];
  readonly source: BatchSource;
  readonly log: LedgerLog;
  readonly told: LedgerTold;
  readonly ledgerOf: (node: SimulatedNode) => ObservedLedger;
}

export interface LedgerClientOptions {
  readonly clients: LedgerClients;
  readonly prng: Prng;
  /** It waits at most this long between two operations. */
  readonly thinkMs: number;
  /** After so long an operation is given up: at least, and at most. */
  readonly patienceMs: readonly [number, number];
  /** Batches go through it; null: each is proposed once. */
  readonly session: SessionPath<LedgerAnswer> | null;
}

/** Sends one batch after another, through any node, and the same again when it was not answered. */
export class LedgerClient {
  readonly #options: LedgerClientOptions;
  /** To be sent once more. */
  #again: SentBatch | null = null;
  #operation = 0;
  #isStopped = false;

  constructor(options: LedgerClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#later(this.#options.prng.between(0, 100));
  }

  stop(): void {
    this.#isStopped = true;
  }

  #later(delayMs: number): void {
    this.#options.clients.cluster.scheduler.schedule(delayMs, () => this.#next());
  }

  #next(): void {
    if (this.#isStopped) return;
    const { clients, prng } = this.#options;
    const node = prng.pick(clients.nodes);
    const operation = ++this.#operation;
    const { host } = node;
    if (host === null) {
      // Nobody listens there, which a client learns at once.
      this.#later(prng.between(5, 100));
      return;
    }
    clients.cluster.scheduler.schedule(prng.between(...this.#options.patienceMs), () => {
      if (operation === this.#operation) this.#next();
    });
    // On its way a process may die, and then nobody is asked; one that stands still finds it later.
    node.world.schedule(prng.float(), () => {
      if (node.host !== host) return;
      if (prng.chance(0.2)) this.#read(node, operation);
      else this.#write(node, operation);
    });
  }

  #finished(operation: number): void {
    if (operation !== this.#operation) return;
    this.#operation += 1;
    this.#later(this.#options.prng.between(1, this.#options.thinkMs));
  }

  #write(node: SimulatedNode, operation: number): void {
    const { clients, prng, session } = this.#options;
    const batch = this.#again ?? clients.source.draw(prng);
    // Until it is answered; and now and then it is sent again although it was.
    this.#again = prng.chance(0.8) ? batch : null;
    const answered = (answer: WriteAnswer<LedgerAnswer>): void => {
      clients.told.answered(batch, answer);
      if (answer.kind === 'done' && this.#again === batch && prng.chance(0.9)) this.#again = null;
      this.#finished(operation);
    };
    const command = takeIn(clients, node, batch);
    if (session !== null) {
      const deadlineMs = clients.cluster.scheduler.nowMs + prng.between(300, 8000);
      session.write(command, deadlineMs, answered);
    } else {
      proposeOnce(clients, node, command, answered);
    }
  }

  #read(node: SimulatedNode, operation: number): void {
    const { cluster, group, told, log, ledgerOf } = this.#options.clients;
    const seen = told.seenBefore;
    const { machine } = ledgerOf(node);
    node.host?.group(group).readBarrier((error) => {
      if (error === null) {
        told.reads += 1;
        try {
          checkRead(machine.books.state, log.model, seen, node.id);
        } catch (problem) {
          cluster.fail(problem instanceof Error ? problem : new Error(String(problem)));
        }
      }
      this.#finished(operation);
    });
  }
}

/** @returns what the node makes of the batch for its log */
export function takeIn(
  { cluster, ledgerOf }: Pick<LedgerClients, 'cluster' | 'ledgerOf'>,
  node: SimulatedNode,
  batch: SentBatch,
): Uint8Array {
  const { intake } = ledgerOf(node);
  batch.attempts += 1;
  const taken =
    batch.kind === 'accounts' ? intake.accounts(batch.bytes) : intake.transfers(batch.bytes);
  if (taken.command !== null) return taken.command;
  const why = `node ${node.id} does not take ${batch.key}: ${JSON.stringify(taken.refusal)}`;
  cluster.fail(new InvariantViolation('batches are taken', why));
  return batch.bytes;
}

/** Proposes a batch outside any session. */
export function proposeOnce(
  { group }: Pick<LedgerClients, 'group'>,
  node: SimulatedNode,
  command: Uint8Array,
  answered: Answered<LedgerAnswer>,
): void {
  const handle: GroupHandle<SessionResult<LedgerAnswer>> | undefined = node.host?.group(group);
  const plain = encodeSessionCommand({ kind: 'plain', command });
  handle?.propose(plain, (error, applied) => {
    if (error !== null) {
      const isUnknown = error.code === 'RUNTIME_OUTCOME_UNKNOWN';
      answered(isUnknown ? { kind: 'unknown' } : { kind: 'refused', code: error.code });
    } else if (applied !== null) {
      const { index, result } = applied;
      answered({ kind: 'done', index, result: result.kind === 'applied' ? result.result : null });
    }
  });
}
