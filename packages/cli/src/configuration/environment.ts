import { CliError } from '../cli-error.ts';
import { nearest } from '../suggestion.ts';
import { environmentVariable, type RawValue, type SettingKey, settingKeys } from './settings.ts';

/** The file's path, when it is not given by --config. */
export const configVariable = 'QUORATE_CONFIG';
export const endpointsVariable = 'QUORATE_ENDPOINTS';
/** Those of a ledger, which is a service of its own. */
export const ledgerEndpointsVariable = 'QUORATE_LEDGER_ENDPOINTS';
/** Where the shell of a ledger keeps typed lines; empty: nowhere. */
export const ledgerHistoryVariable = 'QUORATE_LEDGER_HISTORY';
/** What the commands that ask a cluster read where their flags are not given. */
export const securityVariables = {
  cacert: 'QUORATE_CACERT',
  cert: 'QUORATE_CERT',
  key: 'QUORATE_KEY',
  user: 'QUORATE_USER',
  password: 'QUORATE_PASSWORD',
} as const;

const clientVariables = [
  endpointsVariable,
  ledgerEndpointsVariable,
  ledgerHistoryVariable,
  ...Object.values(securityVariables),
];

/**
 * Kubernetes gives every container variables about each Service; one called `quorate` or
 * `quorate-client` would otherwise make every node of that cluster refuse to start.
 */
const serviceLink = /^QUORATE_([A-Z0-9_]+_)?SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/;
const serviceLinkPort = /^QUORATE_([A-Z0-9_]+_)?PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/**
 * The settings found in the environment; an empty variable counts as not set.
 *
 * @throws CliError CLI_CONFIG_UNKNOWN for a QUORATE_ variable nobody reads
 */
export function readEnvironment(environment: NodeJS.ProcessEnv): Map<SettingKey, RawValue> {
  const keys = new Map(settingKeys.map((key) => [environmentVariable(key), key] as const));
  const known = new Set([...keys.keys(), configVariable, ...clientVariables]);
  const found = new Map<SettingKey, RawValue>();
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || text === '' || !variable.startsWith('QUORATE_')) continue;
    const key = keys.get(variable);
    if (key !== undefined) found.set(key, { text, origin: { kind: 'environment' } });
    else if (!known.has(variable) && !isServiceLink(variable, text)) throw unknown(variable, known);
  }
  return found;
}

function isServiceLink(variable: string, text: string): boolean {
  if (serviceLink.test(variable)) return true;
  const match = serviceLinkPort.exec(variable);
  // Without the number in its name, only the value tells such a variable from a misspelt setting.
  return match !== null && (match[2] !== undefined || /^(tcp|udp|sctp):\/\//.test(text));
}

function unknown(variable: string, known: ReadonlySet<string>): CliError {
  const suggestion = nearest(variable, known);
  return new CliError(
    'CLI_CONFIG_UNKNOWN',
    `${variable}: no setting has this environment variable; ` +
      (suggestion === null
        ? 'remove it, or see quorate serve --help'
        : `did you mean ${suggestion}?`),
    { name: variable, suggestion },
  );
}
