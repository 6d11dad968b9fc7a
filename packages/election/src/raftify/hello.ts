import type { NodeId } from '@quorate/schema';
import { mostNodes } from './raftify-config.ts';

/**
 * How far a node has come: it looks for the others, has durably accepted one set of founders, or is
 * of a group that was founded.
 */
export type Phase = 'gathering' | 'accepted' | 'member';

/** A member of the group, as whoever tells of it knows it. */
export interface NamedMember {
  readonly node: NodeId;
  /** Null: not known. */
  readonly id: string | null;
  /** 'host:port'. */
  readonly address: string;
}

/** What a node tells of itself, as a question and as the answer to one. */
export interface Hello {
  readonly id: string;
  /** 'host:port' where others reach it. */
  readonly address: string;
  readonly all: readonly string[];
  readonly expect: number;
  readonly maxNodes: number;
  readonly performance: number;
  readonly phase: Phase;
  /** The digest of the set of founders that it has accepted; null: none. */
  readonly accepted: string | null;
  /** A member has said that it has votes, and it has none: they are lost. */
  readonly isLost: boolean;
  /** Of a node that is `member` and knows them; else empty. */
  readonly members: readonly NamedMember[];
}

const version = 1;
const phases: readonly unknown[] = ['gathering', 'accepted', 'member'] satisfies Phase[];
const longestText = 300;
/** Observers and others may be members beside those that `max_nodes` counts. */
const mostMembers = 2 * mostNodes;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** As JSON, for there are few of them and they change from version to version. */
export function encodeHello(hello: Hello): Uint8Array {
  return encoder.encode(JSON.stringify({ version, ...hello }));
}

/** @returns null for what is none, or one of a version that is unknown here */
export function decodeHello(bytes: Uint8Array): Hello | null {
  let given: unknown;
  try {
    given = JSON.parse(decoder.decode(bytes));
  } catch {
    return null;
  }
  if (!isObject(given) || given['version'] !== version) return null;
  const { id, address, all, expect, maxNodes, performance, phase, accepted, isLost } = given;
  const members = membersIn(given['members']);
  if (!isText(id) || !isText(address) || !phases.includes(phase) || members === null) return null;
  if (!Array.isArray(all) || all.length > mostNodes || !all.every(isText)) return null;
  if (!isCount(expect) || !isCount(maxNodes) || !isCount(performance)) return null;
  if (!isTextOrNull(accepted) || typeof isLost !== 'boolean') return null;
  return {
    id,
    address,
    all,
    expect,
    maxNodes,
    performance,
    phase: phase as Phase,
    accepted,
    isLost,
    members,
  };
}

function membersIn(given: unknown): readonly NamedMember[] | null {
  if (!Array.isArray(given) || given.length > mostMembers) return null;
  const members: NamedMember[] = [];
  for (const one of given as readonly unknown[]) {
    if (!isObject(one)) return null;
    const { node, id, address } = one;
    if (!isCount(node) || !isTextOrNull(id) || !isTextOrEmpty(address)) return null;
    members.push({ node, id, address });
  }
  return members;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return isTextOrEmpty(value) && value !== '';
}

function isTextOrEmpty(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestText;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
