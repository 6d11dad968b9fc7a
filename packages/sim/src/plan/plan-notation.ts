import { nemeses } from '../nemesis/registry.ts';
import {
  type ClusterPlan,
  lastParts,
  type Strike,
  type TunedField,
  tunedFields,
  usualTuning,
} from './cluster-plan.ts';

/** From `low` to `high`; a `usual` value is left out of the text. */
interface WholeNumberNotation {
  readonly kind: 'whole';
  readonly low: number;
  readonly high: number;
  readonly usual?: number;
}

/** From 0 to `high`. */
interface FractionNotation {
  readonly kind: 'fraction';
  readonly high: number;
}

/** 0 or 1; 'off': left out when it is 0. */
interface FlagNotation {
  readonly kind: 'flag';
  readonly usual?: 'off';
}

/** The first is usual, and left out. */
interface ChoiceNotation {
  readonly kind: 'choice';
  readonly of: readonly string[];
}

type NotationOf<Value> = Value extends boolean
  ? FlagNotation
  : Value extends number
    ? WholeNumberNotation | FractionNotation
    : ChoiceNotation;

type AnyNotation = NotationOf<boolean | number | string>;

type FieldOf<Plan> = Exclude<keyof Plan, 'tuning' | 'strikes'>;

/** In the order in which a plan's text has them. */
export type PlanFields<Plan extends ClusterPlan> = {
  readonly [Name in FieldOf<Plan>]: NotationOf<Plan[Name]>;
};

/** The fields of every plan; a scenario lists its own between them. */
export const clusterFields: PlanFields<ClusterPlan> = {
  seed: { kind: 'whole', low: 0, high: Number.MAX_SAFE_INTEGER },
  nodes: { kind: 'whole', low: 1, high: 9 },
  clients: { kind: 'whole', low: 0, high: 1000 },
  thinkMs: { kind: 'whole', low: 1, high: 1_000_000 },
  diskMs: { kind: 'whole', low: 1, high: 10_000 },
  quiesceMs: { kind: 'whole', low: 0, high: 1_000_000 },
  clockDrift: { kind: 'fraction', high: 0.5 },
  leases: { kind: 'flag' },
  priorities: { kind: 'flag', usual: 'off' },
  lastPart: { kind: 'choice', of: lastParts },
  mends: { kind: 'flag', usual: 'off' },
  faultyMs: { kind: 'whole', low: 0, high: 1e9 },
};

const maxStrikes = 100_000;
const base = 36;

/**
 * Plans in one line, all of each: `seed=42;nodes=3;...;faultyMs=5400;strikes=pause@120~1k3f,...`.
 * What is as usual, or not there, is left out. A strike is its nemesis, its time, and its seed in
 * base 36.
 */
export class PlanNotation<Plan extends ClusterPlan> {
  readonly #fields: readonly (readonly [string, AnyNotation])[];

  constructor(fields: PlanFields<Plan>) {
    this.#fields = Object.entries<AnyNotation>(fields);
  }

  write(plan: Plan): string {
    const parts: string[] = [];
    const values = plan as unknown as Readonly<Record<string, unknown>>;
    for (const [name, notation] of this.#fields) {
      const text = written(values[name], notation);
      if (text !== null) parts.push(`${name}=${text}`);
    }
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
  parse(text: string): Plan {
    const parts = partsOf(text);
    const values: Record<string, unknown> = {};
    for (const [name, notation] of this.#fields) {
      values[name] = read(name, parts.get(name), notation);
      parts.delete(name);
    }
    const strikes = parts.has('strikes') ? parseStrikes(parts.get('strikes') ?? '') : [];
    parts.delete('strikes');
    const tuning: Partial<Record<TunedField, number>> = {};
    for (const [name, value] of parts) {
      const field = tunedFields.find((candidate) => candidate === name);
      if (field === undefined) throw new Error(`a plan has no ${name}`);
      tuning[field] = wholeNumber(name, value, 0, 1e9);
    }
    // Each of its fields was read as the notation of its type says.
    return { ...values, tuning, strikes } as unknown as Plan;
  }
}

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.trim().split(';')) {
    const [name = '', ...rest] = part.split('=');
    if (rest.length !== 1) throw new Error(`a plan's parts are NAME=VALUE, not '${part}'`);
    if (parts.has(name)) throw new Error(`a plan has ${name} once`);
    parts.set(name, rest[0] ?? '');
  }
  return parts;
}

/** @returns null when the value is as usual */
function written(value: unknown, notation: AnyNotation): string | null {
  switch (notation.kind) {
    case 'whole':
      return value === notation.usual ? null : String(value);
    case 'fraction':
      return String(value);
    case 'flag':
      return value === true ? '1' : notation.usual === undefined ? '0' : null;
    default:
      return value === notation.of[0] ? null : String(value);
  }
}

/** @param text undefined: it is not there */
function read(name: string, text: string | undefined, notation: AnyNotation): unknown {
  if (text === undefined) {
    if (notation.kind === 'whole' && notation.usual !== undefined) return notation.usual;
    if (notation.kind === 'flag' && notation.usual !== undefined) return false;
    if (notation.kind === 'choice') return notation.of[0];
    throw new Error(`the plan has no ${name}`);
  }
  switch (notation.kind) {
    case 'whole':
      return wholeNumber(name, text, notation.low, notation.high);
    case 'fraction':
      return fraction(name, text, notation.high);
    case 'flag':
      return wholeNumber(name, text, 0, 1) === 1;
    default:
      if (notation.of.includes(text)) return text;
      throw new Error(`${name} is one of ${notation.of.join(', ')}, not '${text}'`);
  }
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

function fraction(name: string, text: string, high: number): number {
  const value = /^\d(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= high) return value;
  throw new Error(`${name} takes a number from 0 to ${high}, not '${text}'`);
}
