import { compare, operation, type QuorateClient } from '@quorate/client';

/** Orders by id; each is accepted once, whoever asks for it and however often. */
export class Orders {
  readonly #client: QuorateClient;

  constructor(client: QuorateClient) {
    this.#client = client;
  }

  /**
   * May be asked again when its outcome is unknown.
   *
   * @returns whether it was accepted now: false when it had been before
   */
  async accept(id: string, item: string): Promise<boolean> {
    const key = `orders/${id}`;
    const { succeeded } = await this.#client
      .txn()
      .when(compare.createRevision(key, '=', 0))
      .do(operation.put(key, item))
      .commit();
    return succeeded;
  }

  async count(): Promise<number> {
    return (await this.#client.get('orders/', { prefix: true, countOnly: true })).count;
  }
}
