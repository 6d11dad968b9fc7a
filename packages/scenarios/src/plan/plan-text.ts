import { nemeses } from '@quorate/sim';
import {
  type LastPart,
  lastParts,
  type Plan,
  type Strike,
  type TunedField,
  tunedFields,
  usualTuning,
} from './plan.ts';

const sizes = [
  'seed',
  'nodes',
  'idleGroups',
  'clients',
  'keys',
  'valueBytes',
  'thinkMs',
  'diskMs',
  'quiesceMs',
] as const;
const limits = {
  seed: [0, Number.MAX_SAFE_INTEGER],
  nodes: [1, 9],
  idleGroups: [0, 100],
  clients: [0, 1000],
  keys: [1, 1_000_000],
  valueBytes: [1, 1_000_000],
  thinkMs: [1, 1_000_000],
  diskMs: [1, 10_000],
  quiesceMs: [0, 1_000_000],
  leases: [0, 1],
  sessionTtlMs: [0, 1_000_000],
  zones: [0, 9],
  priorities: [0, 1],
  mends: [0, 1],
  faultyMs: [0, 1e9],
} as const;
const maxStrikes = 100_000;
const base = 36;

/**
 * A plan in one line, all of it: `seed=42;nodes=3;...;faultyMs=5400;strikes=pause@120~1k3f,...`.
 * What is as usual, or not there, is left out. A strike is its nemesis, its time, and its seed in
 * base 36.
 */
export function planText(plan: Plan): string {
  const parts = sizes.map((name) => `${name}=${plan[name]}`);
  parts.push(`clockDrift=${plan.clockDrift}`, `leases=${plan.leases ? 1 : 0}`);
  for (const name of ['sessionTtlMs', 'zones'] as const) {
    if (plan[name] !== 0) parts.push(`${name}=${plan[name]}`);
  }
  if (plan.priorities) parts.push('priorities=1');
  if (plan.lastPart !== 'voter') parts.push(`lastPart=${plan.lastPart}`);
  if (plan.mends) parts.push('mends=1');
  parts.push(`faultyMs=${plan.faultyMs}`);
  for (const field of tunedFields) {
    const value = plan.tuning[field];
    if (value !== undefined && value !== usualTuning[field]) parts.push(`${field}=${value}`);
  }
  const strikes = plan.strikes.map(
    ({ atMs, nemesis, seed }) => `${nemesis}@${atMs}~${seed.toString(base)}`,
  );
  if (strikes.length > 0) parts.push(`strikes=${strikes.join(',')}`);
  return parts.join(';');
}

/** @throws Error that names the part that is wrong */
export function parsePlan(text: string): Plan {
  const parts = new Map<string, string>();
  for (const part of text.trim().split(';')) {
    const [name = '', ...rest] = part.split('=');
    if (rest.length !== 1) throw new Error(`a plan's parts are NAME=VALUE, not '${part}'`);
    if (parts.has(name)) throw new Error(`a plan has ${name} once`);
    parts.set(name, rest[0] ?? '');
  }
  const take = (name: string): string => {
    const value = parts.get(name);
    if (value === undefined) throw new Error(`the plan has no ${name}`);
    parts.delete(name);
    return value;
  };
  const size = (name: keyof typeof limits): number => {
    const [low, high] = limits[name];
    return wholeNumber(name, take(name), low, high);
  };
  const optional = (name: keyof typeof limits): number => (parts.has(name) ? size(name) : 0);
  const plan = {
    seed: size('seed'),
    nodes: size('nodes'),
    idleGroups: size('idleGroups'),
    clients: size('clients'),
    keys: size('keys'),
    valueBytes: size('valueBytes'),
    thinkMs: size('thinkMs'),
    diskMs: size('diskMs'),
    quiesceMs: size('quiesceMs'),
    clockDrift: fraction('clockDrift', take('clockDrift')),
    leases: size('leases') === 1,
    sessionTtlMs: optional('sessionTtlMs'),
    zones: optional('zones'),
    priorities: optional('priorities') === 1,
    lastPart: parts.has('lastPart') ? lastPart(take('lastPart')) : 'voter',
    mends: optional('mends') === 1,
    faultyMs: size('faultyMs'),
  };
  const strikes = parts.has('strikes') ? parseStrikes(take('strikes')) : [];
  const tuning: Partial<Record<TunedField, number>> = {};
  for (const [name, value] of parts) {
    const field = tunedFields.find((candidate) => candidate === name);
    if (field === undefined) throw new Error(`a plan has no ${name}`);
    tuning[field] = wholeNumber(name, value, 0, 1e9);
  }
  return { ...plan, tuning, strikes };
}

function lastPart(text: string): LastPart {
  const found = lastParts.find((part) => part === text);
  if (found !== undefined) return found;
  throw new Error(`lastPart is one of ${lastParts.join(', ')}, not '${text}'`);
}

function parseStrikes(text: string): readonly Strike[] {
  const names = new Set(nemeses.map(({ name }) => name));
  const strikes = text.split(',').map((strike) => {
    const [, nemesis = '', atMs, seed] = /^([a-z-]+)@(\d+)~([0-9a-z]+)$/.exec(strike) ?? [];
    if (atMs === undefined || seed === undefined) {
      throw new Error(`a strike is NEMESIS@MS~SEED, not '${strike}'`);
    }
    if (!names.has(nemesis)) throw new Error(`there is no nemesis ${nemesis}`);
    const drawn = Number.parseInt(seed, base);
    if (drawn >= 2 ** 32) throw new Error(`the seed of '${strike}' is too large`);
    return { atMs: wholeNumber('strikes', atMs, 0, 1e9), nemesis, seed: drawn };
  });
  if (strikes.length > maxStrikes) throw new Error(`a plan has at most ${maxStrikes} strikes`);
  return strikes.sort((a, b) => a.atMs - b.atMs);
}

function wholeNumber(name: string, text: string, low: number, high: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new Error(`${name} takes a whole number from ${low} to ${high}, not '${text}'`);
}

function fraction(name: string, text: string): number {
  const value = /^\d(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 0.5) return value;
  throw new Error(`${name} takes a number from 0 to 0.5, not '${text}'`);
}
