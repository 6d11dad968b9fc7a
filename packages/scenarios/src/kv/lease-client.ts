import type { Prng } from '@quorate/base';
import { encodeCommand, type KvCommand, type KvResult } from '@quorate/kv';
import type { ClientWrite } from './history.ts';
import type { KvService } from './kv-client.ts';
import type { Told } from './kv-writes.ts';
import type { LeaseHistory } from './lease-history.ts';
import { putRequest } from './requests.ts';
import { proposeOnce } from './write-path.ts';

export interface LeaseClientOptions {
  readonly service: KvService;
  readonly told: Told;
  readonly leases: LeaseHistory;
  readonly prng: Prng;
  /** No other client's. */
  readonly id: number;
}

/** In seconds; the longest is what a run waits for when nobody renews any more. */
const ttls = [1, 1, 2, 4];
export const longestTtlMs = 4000;

const mostHeld = 4;
const keysOfClient = 3;
const thinkMs = 150;
const patienceMs = [300, 2500] as const;

const text = new TextEncoder();

/** Holds leases with keys: renews some of them in time, and forgets or revokes others. */
export class LeaseClient {
  readonly #options: LeaseClientOptions;
  /** Ids of leases that it believes to have. */
  #held: bigint[] = [];
  #operation = 0;
  #isStopped = false;

  constructor(options: LeaseClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#later();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #later(): void {
    const { service, prng } = this.#options;
    service.cluster.scheduler.schedule(prng.between(1, thinkMs), () => this.#next());
  }

  #next(): void {
    if (this.#isStopped) return;
    const { prng } = this.#options;
    const dice = prng.float();
    const held = this.#held;
    if (held.length === 0 || (dice < 0.2 && held.length < mostHeld)) this.#grant();
    else if (dice < 0.45) this.#put(prng.pick(held));
    else if (dice < 0.85) this.#renew(prng.pick(held));
    else if (dice < 0.93) this.#revoke(prng.pick(held));
    else {
      this.#forget(prng.pick(held));
      this.#later();
    }
  }

  #forget(id: bigint): void {
    this.#held = this.#held.filter((one) => one !== id);
  }

  #grant(): void {
    const { prng, leases, id: client } = this.#options;
    const id = prng.chance(0.5) ? 0n : BigInt(client * 10 + prng.between(1, 9));
    const ttlSeconds = prng.pick(ttls);
    const command: KvCommand = { kind: 'leaseGrant', id, ttlSeconds };
    this.#ask(encodeCommand(command), false, (result, index, askedAtMs) => {
      if (result.kind !== 'leaseGrant') return;
      leases.renewed(result.id, { index, askedAtMs, ttlMs: 1000 * ttlSeconds });
      this.#held.push(result.id);
    });
  }

  #renew(id: bigint): void {
    const command: KvCommand = { kind: 'leaseKeepAlive', ids: [id] };
    this.#ask(encodeCommand(command), false, (result, index, askedAtMs) => {
      if (result.kind !== 'leaseKeepAlive') return;
      const ttlSeconds = result.ttlSeconds[0] ?? 0;
      if (ttlSeconds === 0) this.#forget(id);
      else this.#options.leases.renewed(id, { index, askedAtMs, ttlMs: 1000 * ttlSeconds });
    });
  }

  #revoke(id: bigint): void {
    this.#forget(id);
    this.#ask(encodeCommand({ kind: 'leaseRevoke', id }), false, () => undefined);
  }

  #put(lease: bigint): void {
    const { id, prng, told } = this.#options;
    const key = `lease${id}.${prng.below(keysOfClient)}`;
    const tag = `${id}.${this.#operation + 1}.`;
    const command = encodeCommand({ ...putRequest(text.encode(key), text.encode(tag)), lease });
    const write: ClientWrite = { tag, kind: 'put', key, command, outcome: { kind: 'unknown' } };
    told.history.writes.push(write);
    this.#ask(command, true, (result, index) => {
      write.outcome = { kind: 'done', index, result };
      if (result.kind === 'refused') this.#forget(lease);
    });
  }

  /** @param answered is called also when it had been given up, since what it is told is true */
  #ask(
    command: Uint8Array,
    isWrite: boolean,
    answered: (result: KvResult, index: number, askedAtMs: number) => void,
  ): void {
    const { service, prng, told } = this.#options;
    const { cluster, group, isEnveloped } = service;
    const node = prng.pick(service.nodes);
    const operation = ++this.#operation;
    const finished = (): void => {
      if (operation !== this.#operation) return;
      this.#operation += 1;
      this.#later();
    };
    cluster.scheduler.schedule(prng.between(...patienceMs), finished);
    const { host } = node;
    const askedAtMs = cluster.scheduler.nowMs;
    const seenAtStart = told.history.highestSeen;
    if (host === null) return;
    node.world.schedule(prng.float(), () => {
      if (node.host !== host) return;
      proposeOnce(host.group<unknown>(group), command, isEnveloped, (answer) => {
        if (answer.kind === 'done' && answer.result !== null) {
          const { result, index } = answer;
          told.history.ended(result.revision, seenAtStart, isWrite && result.kind === 'put');
          answered(result, index, askedAtMs);
        }
        finished();
      });
    });
  }
}
