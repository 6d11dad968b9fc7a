import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { HistoryJudge, JudgedOperation } from './history-judge.ts';
import { shownOutcome } from './prepared-machine.ts';
import type { Outcome } from './service.ts';
import { shown } from './shown.ts';
import { optionInvalid } from './sim-error.ts';
import type { WorkInput, WorkOutput } from './specification.ts';
import type { Subject } from './subject.ts';
import type { WorkNodes } from './work-nodes.ts';

/** What all clients share. */
export interface Workplace {
  readonly cluster: SimulatedCluster;
  readonly subject: Subject;
  /** Those that hold data. */
  readonly nodes: readonly SimulatedNode[];
  readonly work: WorkNodes;
  /** Null without a model. */
  readonly judge: HistoryJudge | null;
  /** Of a run that is looked at: a line about what happens. */
  readonly note: ((text: string) => void) | null;
}

export interface WorkClientOptions {
  readonly place: Workplace;
  readonly id: number;
  readonly prng: Prng;
  /** It waits at most this long between two operations. */
  readonly thinkMs: number;
  /** After so long an operation is given up: at least, and at most. */
  readonly patienceMs: readonly [number, number];
  /** It only sends commands. */
  readonly onlyCommands: boolean;
}

const queryShare = 0.35;

/** Does one operation after another, through any node, as a real client would. */
export class WorkClient {
  readonly #options: WorkClientOptions;
  #operation = 0;
  #isStopped = false;
  /** Commands that it was told are done. */
  commandsDone = 0;

  constructor(options: WorkClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#later(this.#options.prng.between(0, 100));
  }

  stop(): void {
    this.#isStopped = true;
  }

  #later(delayMs: number): void {
    this.#options.place.cluster.scheduler.schedule(delayMs, () => this.#next());
  }

  #next(): void {
    if (this.#isStopped) return;
    const { place, prng } = this.#options;
    const node = prng.pick(place.nodes);
    const operation = ++this.#operation;
    const { host } = node;
    if (host === null) {
      // Nobody listens there, which a client learns at once.
      this.#later(prng.between(5, 100));
      return;
    }
    // An operation on a node that dies is never answered: go on with another, its outcome unknown.
    place.cluster.scheduler.schedule(prng.between(...this.#options.patienceMs), () => {
      if (operation === this.#operation) this.#next();
    });
    const input = this.#draw();
    // On its way a process may die, and then nobody is asked; one that stands still finds it later.
    node.world.schedule(prng.float(), () => {
      if (node.host === host) this.#ask(node, input, operation);
    });
  }

  #draw(): WorkInput<unknown, unknown> {
    const { place, prng, onlyCommands } = this.#options;
    const { commands, queries } = place.subject;
    // What is drawn for a command shifts none of the client's own draws.
    const own = prng.fork();
    return queries !== null && !onlyCommands && prng.chance(queryShare)
      ? { kind: 'query', query: queries(own) }
      : { kind: 'command', command: commands(own) };
  }

  #ask(node: SimulatedNode, input: WorkInput<unknown, unknown>, operation: number): void {
    const { place, id } = this.#options;
    const service = place.work.serviceOn(node);
    if (service === null) return;
    const judged = place.judge?.begin(id, input) ?? null;
    if (place.note !== null) place.note(`client ${id} ${describeInput(input)} at n${node.id}`);
    const given: unknown =
      input.kind === 'command'
        ? service.command(input.command, (outcome) => {
            if (outcome.kind === 'done') this.commandsDone += 1;
            this.#told(outcome, judged, operation, (result) => ({ kind: 'command', result }));
          })
        : service.query?.(input.query, (outcome) => {
            this.#told(outcome, judged, operation, (answer) => ({ kind: 'query', answer }));
          });
    if (given instanceof Promise) {
      given.catch(() => undefined);
      const fix = 'call back through done: virtual time waits for no promise';
      place.cluster.fail(optionInvalid('service', `gave a promise for a ${input.kind}`, fix));
    }
  }

  #told(
    outcome: Outcome<unknown>,
    judged: JudgedOperation | null,
    operation: number,
    outputOf: (value: unknown) => WorkOutput<unknown, unknown>,
  ): void {
    const { place, id } = this.#options;
    if (place.note !== null) place.note(`client ${id} is told ${shownOutcome(outcome)}`);
    if (outcome.kind === 'done') judged?.answered(outputOf(outcome.value));
    if (outcome.kind === 'refused') judged?.refused();
    if (operation !== this.#operation) return;
    this.#operation += 1;
    this.#later(this.#options.prng.between(1, this.#options.thinkMs));
  }
}

function describeInput(input: WorkInput<unknown, unknown>): string {
  return input.kind === 'command' ? `sends ${shown(input.command)}` : `asks ${shown(input.query)}`;
}

/** Has many commands proposed at once through one node, whatever becomes of them. */
export function sendBurst(
  { subject, work, judge, nodes }: Workplace,
  client: number,
  node: SimulatedNode,
  count: number,
  prng: Prng,
): void {
  if (node.world.paused || !nodes.includes(node)) return;
  const service = work.serviceOn(node);
  for (let left = count; left > 0 && service !== null; left--) {
    const command = subject.commands(prng);
    const judged = judge?.begin(client, { kind: 'command', command }) ?? null;
    service.command(command, (outcome) => {
      if (outcome.kind === 'done') judged?.answered({ kind: 'command', result: outcome.value });
      if (outcome.kind === 'refused') judged?.refused();
    });
  }
}
