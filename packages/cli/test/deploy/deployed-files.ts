import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { settingKeys } from '../../src/configuration/settings.ts';

/** Of the repository. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** A value as YAML and JSON have it. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** @param path below deploy/ */
export function readDeployed(path: string): string {
  return readFileSync(join(ROOT, 'deploy', path), 'utf8');
}

export function readYaml(path: string): JsonObject {
  return parse(readDeployed(path), { merge: true });
}

/** Every document of a file, or of all the files that a kustomization names. */
export function readManifests(path: string): JsonObject[] {
  return parseAllDocuments(readDeployed(path)).map((document) => document.toJS());
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns what is at `path`, whose steps are keys and positions; undefined where nothing is */
export function at(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): Json | undefined {
  let found: Json | undefined = value;
  for (const step of path) {
    if (Array.isArray(found)) found = (found as readonly Json[])[Number(step)];
    else found = isObject(found) ? found[String(step)] : undefined;
  }
  return found;
}

/** The text, number or truth value there, as text; '' where there is none. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'object' || found === undefined ? '' : String(found);
}

export function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** As kustomize merges a patch: lists of things with names, or mount paths, by those. */
export function merged(base: Json, patch: Json): Json {
  if (isObject(base) && isObject(patch)) {
    const result: Record<string, Json> = { ...base };
    for (const [key, value] of Object.entries(patch)) {
      const known = result[key];
      result[key] = known === undefined ? value : merged(known, value);
    }
    return result;
  }
  if (!Array.isArray(base) || !Array.isArray(patch)) return patch;
  const items: Json[] = [...base];
  for (const item of patch as readonly Json[]) {
    const key = isObject(item) && 'mountPath' in item ? 'mountPath' : 'name';
    const known = items.findIndex((one) => at(one, key) === at(item, key));
    if (known < 0) items.push(item);
    else items[known] = merged(items[known] as Json, item);
  }
  return items;
}

/** The settings named by variables of the environment: QUORATE_DATA_DIR names data-dir. */
export function unknownVariables(names: readonly string[]): string[] {
  const known = new Set(
    settingKeys.map((key) => `QUORATE_${key.toUpperCase().replaceAll('-', '_')}`),
  );
  return names.filter((name) => name.startsWith('QUORATE_') && !known.has(name));
}

/** Of the flags, as `--data-dir`, those that `quorate serve` does not have. */
export function unknownFlags(flags: readonly string[]): string[] {
  const known = new Set<string>([...settingKeys, 'config', 'json']);
  return flags.filter((flag) => !known.has(flag.replace(/^--/, '')));
}
