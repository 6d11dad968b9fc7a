import type { BatchResults } from '@quorate/ledger';
import type { EventBatch } from './event-batch.ts';

interface Sent {
  readonly batch: EventBatch;
  results: BatchResults | 'none' | null;
}

/** What the pipeline does with its batches. */
export interface BatchPorts {
  submit(bytes: Uint8Array): Promise<BatchResults>;
  /** Whether the order of this batch and others decides what becomes of them. */
  hasOrder(batch: EventBatch): Promise<boolean>;
  /** Called for each batch in the order of the file; results null: it had no events. */
  acknowledged(batch: EventBatch, results: BatchResults | null): void;
}

/** Keeps several batches under way, and tells their answers in the order of the file. */
export class BatchPipeline {
  readonly #ports: BatchPorts;
  readonly #most: number;
  readonly #sent: Sent[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #isAlone = false;
  #failure: { readonly error: unknown } | null = null;

  /** @param most batches under way at a time */
  constructor(ports: BatchPorts, most: number) {
    this.#ports = ports;
    this.#most = most;
  }

  /** Sent, and without an answer; after a failure their outcome is unknown. */
  get unanswered(): readonly EventBatch[] {
    return this.#sent.filter(({ results }) => results === null).map(({ batch }) => batch);
  }

  /**
   * Fulfilled once it is sent.
   *
   * @throws what an earlier batch was rejected with
   */
  async add(batch: EventBatch): Promise<void> {
    const { bytes } = batch;
    if (bytes !== null) {
      const isOrdered = this.#most > 1 && (await this.#ports.hasOrder(batch));
      while (this.#underWay.size >= (isOrdered || this.#isAlone ? 1 : this.#most)) {
        await Promise.race(this.#underWay);
      }
      this.#isAlone = isOrdered;
    }
    this.#check();
    const sent: Sent = { batch, results: bytes === null ? 'none' : null };
    this.#sent.push(sent);
    if (bytes === null) return this.#tell();
    const running = this.#run(sent, bytes).finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  /** Fulfilled when nothing is under way. @throws what a batch was rejected with */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#check();
  }

  async #run(sent: Sent, bytes: Uint8Array): Promise<void> {
    try {
      sent.results = await this.#ports.submit(bytes);
      this.#tell();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #tell(): void {
    for (let first = this.#sent[0]; first !== undefined; first = this.#sent[0]) {
      const { batch, results } = first;
      if (results === null) return;
      this.#sent.shift();
      this.#ports.acknowledged(batch, results === 'none' ? null : results);
    }
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
