import type { ByteReader, ByteWriter } from '@quorate/base';
import { etcd } from '@quorate/schema';

/** What keeps the cluster from serving all that it should, until somebody says it is over. */
export interface Alarm {
  readonly member: bigint;
  /** Of `etcd.AlarmType`, not NONE. */
  readonly type: number;
}

/** Anyone may raise one for any number as member, so there is a bound. */
const maxAlarms = 256;

/** The alarms that are on: replicated state. */
export class AlarmTable {
  #alarms: readonly Alarm[] = [];

  /** In the order in which they were raised. */
  get all(): readonly Alarm[] {
    return this.#alarms;
  }

  /** No room is left: nothing that takes more is written. */
  get isSpaceExceeded(): boolean {
    return this.#has(etcd.AlarmType.NOSPACE);
  }

  /** Replicas have been found to differ: nothing is served. */
  get isCorrupt(): boolean {
    return this.#has(etcd.AlarmType.CORRUPT);
  }

  /** Beyond `maxAlarms` none is added: what they would stop is stopped by those there are. */
  raise(alarm: Alarm): void {
    const isKnown = this.#alarms.some((one) => isSame(one, alarm));
    if (!isKnown && this.#alarms.length < maxAlarms) this.#alarms = [...this.#alarms, alarm];
  }

  disarm(alarm: Alarm): void {
    this.#alarms = this.#alarms.filter((one) => !isSame(one, alarm));
  }

  restore(alarms: readonly Alarm[]): void {
    this.#alarms = alarms;
  }

  #has(type: number): boolean {
    return this.#alarms.length > 0 && this.#alarms.some((one) => one.type === type);
  }
}

function isSame(a: Alarm, b: Alarm): boolean {
  return a.member === b.member && a.type === b.type;
}

export function isKnownAlarm(type: number): boolean {
  return type === etcd.AlarmType.NOSPACE || type === etcd.AlarmType.CORRUPT;
}

/** Layout: varint type, string member in decimal digits. */
export function writeAlarm({ member, type }: Alarm, writer: ByteWriter): void {
  writer.varint(type);
  writer.string(String(member));
}

/**
 * @returns null when it is none
 * @throws ByteReaderError when the bytes end too soon
 */
export function readAlarm(reader: ByteReader): Alarm | null {
  const type = reader.varint();
  const member = reader.string();
  return isKnownAlarm(type) && /^\d{1,20}$/.test(member) ? { type, member: BigInt(member) } : null;
}
