import type { Prng } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import type { KvService } from './kv-client.ts';
import { KvWrites, type Told } from './kv-writes.ts';
import { putRequest } from './requests.ts';
import { proposeOnce } from './write-path.ts';

const text = new TextEncoder();
const shortestBytes = 16;

/** Sends many writes at once through one node, whatever becomes of them. */
export class BurstClient {
  readonly #service: KvService;
  readonly #writes: KvWrites;
  readonly #id: number;
  readonly #keys: number;
  #sent = 0;

  /** @param id no other client's */
  constructor(service: KvService, told: Told, id: number, keys: number) {
    this.#service = service;
    this.#writes = new KvWrites(told, id);
    this.#id = id;
    this.#keys = keys;
  }

  send(id: NodeId, commands: number, prng: Prng): void {
    const { cluster, nodes, group, isEnveloped } = this.#service;
    const node = cluster.node(id);
    const handle = nodes.includes(node) && !node.world.paused ? node.host?.group(group) : undefined;
    if (handle === undefined) return;
    for (let left = commands; left > 0; left--) {
      const key = `key${prng.below(this.#keys)}`;
      const tag = `${this.#id}.${++this.#sent}.`;
      const request = putRequest(text.encode(key), text.encode(tag.padEnd(shortestBytes, 'x')));
      this.#writes.write(
        { tag, kind: 'put', key },
        request,
        { kind: 'put', key, value: tag },
        (command, answered) => proposeOnce(handle, command, isEnveloped, answered),
        () => undefined,
      );
    }
  }
}
