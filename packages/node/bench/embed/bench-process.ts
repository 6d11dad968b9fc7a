import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

interface Kinded {
  readonly kind: string;
}

/** A process of a bench: it is told things, and answers each by a message of a kind of its own. */
export class BenchProcess<ToIt extends Kinded, FromIt extends Kinded> {
  readonly #child: ChildProcess;

  /** @param program the file it runs; ends by itself once it is told `close` */
  constructor(program: URL, environment: Readonly<Record<string, string>> = {}) {
    const env = { ...process.env, ...environment };
    this.#child = fork(program, { stdio: 'inherit', env });
  }

  onMessage(listener: (message: FromIt) => void): void {
    this.#child.on('message', listener);
  }

  /** The next message of this kind. @throws Error when the process ends before it comes */
  async heard<Kind extends FromIt['kind']>(kind: Kind): Promise<Extract<FromIt, { kind: Kind }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Extract<FromIt, { kind: Kind }>>();
    // Listens until then without a gap: several messages may come in one turn.
    const listen = (message: FromIt): void => {
      if (message.kind === kind) resolve(message as Extract<FromIt, { kind: Kind }>);
    };
    const stop = (): void => reject(new Error('a process of the bench ended early'));
    this.#child.on('message', listen).once('exit', stop);
    try {
      return await promise;
    } finally {
      this.#child.off('message', listen).off('exit', stop);
    }
  }

  ask<Kind extends FromIt['kind']>(
    message: ToIt,
    kind: Kind,
  ): Promise<Extract<FromIt, { kind: Kind }>> {
    const answer = this.heard(kind);
    this.tell(message);
    return answer;
  }

  tell(message: ToIt): void {
    this.#child.send(message);
  }

  async close(message: ToIt): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'exit');
    this.tell(message);
    await closed;
  }
}
