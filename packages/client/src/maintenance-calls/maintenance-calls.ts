import { present } from '@quorate/base';
import { etcd } from '@quorate/schema';
import type { Caller } from '../calls/caller.ts';
import { methods } from '../calls/methods.ts';
import { ClientError } from '../client-error.ts';
import { parseEndpoint } from '../transport/endpoint-address.ts';
import type { Alarm, HashResult, Maintenance } from './maintenance.ts';

const kinds: Readonly<Record<number, Alarm['kind']>> = {
  [etcd.AlarmType.NOSPACE]: 'noSpace',
  [etcd.AlarmType.CORRUPT]: 'corrupt',
};

const types: Readonly<Record<Alarm['kind'], number>> = {
  noSpace: etcd.AlarmType.NOSPACE,
  corrupt: etcd.AlarmType.CORRUPT,
};

export interface MaintenanceCallsOptions {
  readonly caller: Caller;
  /** All that may be asked. */
  readonly endpoints: readonly string[];
  readonly isSecure: boolean;
}

/** What an operator asks, call by call. */
export class MaintenanceCalls implements Maintenance {
  readonly #caller: Caller;
  readonly #endpoints: readonly string[];
  readonly #isSecure: boolean;

  constructor({ caller, endpoints, isSecure }: MaintenanceCallsOptions) {
    this.#caller = caller;
    this.#endpoints = endpoints;
    this.#isSecure = isSecure;
  }

  async alarms(): Promise<Alarm[]> {
    const { GET } = etcd.AlarmRequestAlarmAction;
    const { alarms } = await this.#caller.read(methods.alarm, { action: GET });
    return alarms.flatMap(({ memberID: memberId, alarm }) => {
      const kind = kinds[alarm];
      return kind === undefined ? [] : [{ memberId, kind }];
    });
  }

  async disarm(): Promise<Alarm[]> {
    const alarms = await this.alarms();
    const action = etcd.AlarmRequestAlarmAction.DEACTIVATE;
    for (const { memberId: memberID, kind } of alarms) {
      await this.#caller.repeat(methods.alarm, { action, memberID, alarm: types[kind] });
    }
    return alarms;
  }

  async defragment(endpoint: string): Promise<void> {
    await this.#caller.readFrom(this.#address(endpoint), methods.defragment, {});
  }

  async hash(endpoint: string, revision = 0): Promise<HashResult> {
    const answer = await this.#caller.readFrom(this.#address(endpoint), methods.hashKv, {
      revision,
    });
    const { hash, compactRevision, hashRevision } = answer;
    return { hash, compactRevision, revision: hashRevision };
  }

  async moveLeader(targetID: bigint): Promise<void> {
    const leader = (await this.#leader()) ?? present(this.#endpoints[0], 'a client has one');
    await this.#caller.readFrom(leader, methods.moveLeader, { targetID });
  }

  /** Null: none of the endpoints leads, as far as they can be asked. */
  async #leader(): Promise<string | null> {
    for (const endpoint of this.#endpoints) {
      try {
        const { leader, header } = await this.#caller.readFrom(endpoint, methods.status, {});
        if (leader === header?.memberId) return endpoint;
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
      }
    }
    return null;
  }

  #address(endpoint: string): string {
    return parseEndpoint(endpoint, this.#isSecure);
  }
}
