import type { etcd } from '@quorate/schema';
import { type Json, type KeyVersion, versionToJson } from '../history/history-event.ts';
import { textIn } from './methods.ts';

export function leaseName(id: bigint): string {
  return id === 0n ? '' : BigInt.asUintN(64, id).toString(16).padStart(16, '0');
}

export function leaseId(name: string): bigint {
  return BigInt.asIntN(64, BigInt(`0x${name}`));
}

export function versionOf(found: etcd.KeyValue, isDeleted = false): KeyVersion {
  return {
    key: textIn(found.key),
    value: isDeleted ? null : textIn(found.value),
    createRevision: found.createRevision,
    modRevision: found.modRevision,
    version: found.version,
    lease: leaseName(found.lease),
  };
}

export function rowOf(found: etcd.KeyValue): Json {
  return versionToJson(versionOf(found));
}
