import { readFileSync } from 'node:fs';
import { formatAddress } from '@quorate/base';
import type { ClientCredentials, ClientOptions, ClientTls, QuorateClient } from '@quorate/client';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import { endpointsVariable, securityVariables } from '../configuration/environment.ts';
import { parseHttpUrl } from '../configuration/url.ts';

/** What every command that talks to a cluster takes. */
export interface ClientFlags {
  readonly endpoints: string | undefined;
  readonly timeoutMs: number | undefined;
  /** Paths; each may also come from the environment, as all that follows. */
  readonly cacert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** `NAME` or `NAME:PASSWORD`. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Who asks is nobody, whatever the environment says: a ledger knows no users. */
  readonly hasUsers?: false;
}

/**
 * The nodes to talk to, as `host:port` or as URLs: --endpoints, else QUORATE_ENDPOINTS, else the
 * local one.
 *
 * @throws CliError CLI_CONFIG_INVALID
 */
export function chooseEndpoints(
  flag: string | undefined,
  variableName: string = endpointsVariable,
  local = '127.0.0.1:2379',
): string[] {
  const variable = process.env[variableName];
  const isFromVariable = flag === undefined && variable !== undefined && variable !== '';
  const text = flag ?? (isFromVariable ? variable : local);
  return text.split(',').map((part) => {
    const trimmed = part.trim();
    const hasScheme = trimmed.includes('://');
    const url = parseHttpUrl(hasScheme ? trimmed : `http://${trimmed}`);
    if (typeof url !== 'string') return hasScheme ? url.text : formatAddress(url);
    const setting = isFromVariable ? variableName : '--endpoints';
    throw new CliError('CLI_CONFIG_INVALID', `${setting}: ${url}`, { setting, origin: setting });
  });
}

/** Opens a client for the length of `use`, and says failures as this program says them. */
export async function withClient<Result>(
  endpoints: readonly string[],
  flags: ClientFlags,
  use: (client: QuorateClient) => Promise<Result>,
): Promise<Result> {
  const { timeoutMs } = flags;
  const tls = chooseTls(flags);
  const credentials = chooseUser(flags);
  const options: ClientOptions = {
    endpoints,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(tls === null ? {} : { tls }),
    ...(credentials === null ? {} : { credentials }),
  };
  // Here, not at the top: `quorate --help` and `quorate up` have no use for it.
  const { connect } = await import('@quorate/client');
  const client = openOrRefuse(() => connect(options));
  // Not `await using`, which Node 22 cannot read.
  try {
    return await use(client);
  } catch (error) {
    throw requestError(error);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

function openOrRefuse(open: () => QuorateClient): QuorateClient {
  try {
    return open();
  } catch (error) {
    throw requestError(error);
  }
}

/** What a flag says, else its environment variable. */
function chosen(flag: string | undefined, variable: string): string | undefined {
  const fallback = process.env[variable];
  return flag ?? (fallback === '' ? undefined : fallback);
}

function readPem(path: string | undefined, option: string): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const message = `${option}: ${path} cannot be read (${messageOf(error)}); check the path`;
    throw new CliError('CLI_CONFIG_INVALID', message, { setting: option, origin: option });
  }
}

/** @returns null when none of the flags is given */
export function chooseTls(flags: Pick<ClientFlags, 'cacert' | 'cert' | 'key'>): ClientTls | null {
  const { cacert, cert, key } = securityVariables;
  const ca = readPem(chosen(flags.cacert, cacert), '--cacert');
  const own = readPem(chosen(flags.cert, cert), '--cert');
  const ownKey = readPem(chosen(flags.key, key), '--key');
  if (ca === undefined && own === undefined && ownKey === undefined) return null;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(own === undefined ? {} : { cert: own }),
    ...(ownKey === undefined ? {} : { key: ownKey }),
  };
}

function chooseUser(flags: ClientFlags): ClientCredentials | null {
  if (flags.hasUsers === false) return null;
  const text = chosen(flags.user, securityVariables.user);
  if (text === undefined) return null;
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  const inUser = colon < 0 ? undefined : text.slice(colon + 1);
  const password = flags.password ?? inUser ?? chosen(undefined, securityVariables.password);
  if (password !== undefined && user !== '') return { user, password };
  const problem = 'it has no password; write NAME:PASSWORD, or give --password';
  const setting = '--user';
  throw new CliError('CLI_CONFIG_INVALID', `${setting}: ${problem}`, { setting, origin: setting });
}

/** Without a code it is a defect, whose stack is worth more than a sentence: left as it is. */
export function requestError(error: unknown): unknown {
  const cause = codeOf(error);
  if (error instanceof CliError || cause === null) return error;
  const message = messageOf(error);
  if (cause.endsWith('OUTCOME_UNKNOWN')) {
    const text = `outcome unknown: ${message}`;
    return new CliError('CLI_OUTCOME_UNKNOWN', text, { cause }, { cause: error });
  }
  return new CliError('CLI_REQUEST_FAILED', message, { cause }, { cause: error });
}
