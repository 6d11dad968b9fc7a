import { encodeClaimsCommand } from '../../src/core/claims/claims-command.ts';
import { ClaimsMachine } from '../../src/core/claims/claims-machine.ts';
import type { ClaimsCommand, ClaimsResult } from '../../src/core/claims/claims-model.ts';
import type { Position } from '../../src/core/claims/position.ts';
import {
  attestation,
  block,
  claimOf,
  digestOf,
  entryOf,
  keyOf,
  snapshotOf,
  vote,
} from './drawn.ts';
import type { Released } from './slashing-oracle.ts';

/** What a believer wants to sign, and how far it has come; it may stop anywhere for any time. */
interface Work {
  readonly position: Position;
  readonly content: number;
  step: 'waits' | 'maySign';
}

interface Believer {
  token: bigint;
  work: Work | null;
}

/** A command on its way to the log, and who wants its answer, unless it has crashed since. */
interface UnderWay {
  readonly command: ClaimsCommand;
  readonly believer: Believer;
  readonly work: Work | null;
}

/**
 * How a claim is answered: by the command itself, as ours; by a look at the state when it is sent;
 * or not at all before the signature, which the others are told of afterwards.
 */
export type Protocol = 'claims' | 'checkThenSet' | 'tellAfterwards';

const positions: readonly Position[] = [
  block(1),
  block(2),
  attestation(0, 1),
  attestation(0, 3),
  attestation(1, 2),
  attestation(2, 3),
  vote(1, 0, 1),
  vote(1, 0, 2),
];

/**
 * Two processes that both believe they lead, a log between them, and whatever may happen: messages
 * late, lost or out of order, pauses and crashes at any place, replicas that start from a snapshot.
 */
export class BelieverWorld {
  readonly released: Released[] = [];
  readonly #protocol: Protocol;
  readonly #believers: readonly Believer[] = [
    { token: 1n, work: null },
    { token: 2n, work: null },
  ];
  #underWay: UnderWay[] = [];
  #machine = new ClaimsMachine();
  #newestToken = 2n;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** @param draw one number for all that is to be chosen */
  step(draw: number): void {
    const believer = this.#believers[draw % 2] as Believer;
    const rest = Math.floor(draw / 16);
    switch (Math.floor(draw / 2) % 8) {
      case 0:
      case 1:
        return this.#begin(believer, rest);
      case 2:
      case 3:
        return this.#deliver(rest);
      case 4:
        return this.#sign(believer);
      case 5:
        return this.#ask(believer);
      case 6:
        if (rest % 3 === 0) believer.work = null;
        return;
      default:
        return rest % 2 === 0 ? this.#elect(believer) : this.#restart();
    }
  }

  /** Everybody ends what is begun. */
  settle(): void {
    while (this.#underWay.length > 0) this.#deliver(0);
    for (const believer of this.#believers) this.#sign(believer);
  }

  #begin(believer: Believer, rest: number): void {
    if (believer.work !== null) return;
    const position = positions[rest % positions.length] as Position;
    const content = 1 + (Math.floor(rest / positions.length) % 2);
    believer.work = { position, content, step: 'waits' };
    if (this.#protocol === 'tellAfterwards') believer.work.step = 'maySign';
    else this.#ask(believer);
  }

  /** Also once more, when no answer has come. */
  #ask(believer: Believer): void {
    const { work } = believer;
    if (work === null || work.step !== 'waits') return;
    const command = claimOf(work.position, work.content, believer.token);
    if (this.#protocol === 'checkThenSet') {
      const copy = copyOf(this.#machine);
      const answer = apply(copy, command);
      if (answer.kind === 'refused') believer.work = null;
      else work.step = 'maySign';
    }
    this.#underWay.push({ command, believer, work });
  }

  #deliver(rest: number): void {
    const [one] = this.#underWay.splice(rest % Math.max(1, this.#underWay.length), 1);
    if (one === undefined) return;
    const result = apply(this.#machine, one.command);
    const isLost = rest % 7 === 6;
    const { believer, work } = one;
    if (isLost || work === null || believer.work !== work || work.step !== 'waits') return;
    if (result.kind === 'sign') work.step = 'maySign';
    else believer.work = null;
    // What was stored is handed out once more.
    if (result.kind === 'signed') this.#release(work);
  }

  #sign(believer: Believer): void {
    const { work } = believer;
    if (work === null || work.step !== 'maySign') return;
    this.#release(work);
    believer.work = null;
    const { position, content } = work;
    const [key, digest] = [keyOf('validator'), digestOf(content)];
    const signature = new Uint8Array([content]);
    const command: ClaimsCommand =
      this.#protocol === 'tellAfterwards'
        ? claimOf(position, content, believer.token)
        : { kind: 'stored', key, position, digest, signature };
    this.#underWay.push({ command, believer, work: null });
  }

  #release({ position, content }: Work): void {
    this.released.push({ position, content: `${content}` });
  }

  /** The other one does not hear of it. */
  #elect(believer: Believer): void {
    this.#newestToken += 1n;
    believer.token = this.#newestToken;
  }

  #restart(): void {
    this.#machine = copyOf(this.#machine);
  }
}

function apply(machine: ClaimsMachine, command: ClaimsCommand): ClaimsResult {
  const [result] = machine.apply([entryOf(encodeClaimsCommand(command))]);
  if (result === undefined) throw new Error('a command has a result');
  return result;
}

function copyOf(machine: ClaimsMachine): ClaimsMachine {
  const copy = new ClaimsMachine();
  const sink = copy.restore();
  sink.chunk(snapshotOf(machine));
  sink.finish();
  return copy;
}
