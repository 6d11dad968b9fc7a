import { Option } from 'commander';
import { type SettingKey, settings } from '../configuration/settings.ts';

/** The flag of a setting. */
export function settingOption(key: SettingKey): Option {
  const { placeholder, description, defaultText, group, isSwitch } = settings[key];
  const text = `${description} (default: ${defaultText})`;
  const value = isSwitch === true ? `[${placeholder}]` : `<${placeholder}>`;
  return new Option(`--${key} ${value}`, text).helpGroup(`${group}:`);
}

/** The settings that were given, by their own names rather than by commander's. */
export function settingFlags(
  values: Readonly<Record<string, unknown>>,
  keys: readonly SettingKey[],
) {
  const flags: Partial<Record<SettingKey, string>> = {};
  for (const key of keys) {
    const value = values[settingOption(key).attributeName()];
    if (typeof value === 'string' || value === true) flags[key] = String(value);
  }
  return flags;
}
