import type { QuorateClient } from '@quorate/client';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import { endpointsVariable } from '../configuration/environment.ts';
import { parseHttpUrl } from '../configuration/url.ts';

/** What every command that talks to a cluster takes. */
export interface ClientFlags {
  readonly endpoints: string | undefined;
  readonly timeoutMs: number | undefined;
}

/**
 * The nodes to talk to, as `host:port`: --endpoints, else QUORATE_ENDPOINTS, else the local one.
 *
 * @throws CliError CLI_CONFIG_INVALID
 */
export function chooseEndpoints(flag: string | undefined): string[] {
  const variable = process.env[endpointsVariable];
  const isFromVariable = flag === undefined && variable !== undefined && variable !== '';
  const text = flag ?? (isFromVariable ? variable : '127.0.0.1:2379');
  return text.split(',').map((part) => {
    const trimmed = part.trim();
    const url = parseHttpUrl(trimmed.includes('://') ? trimmed : `http://${trimmed}`);
    if (typeof url !== 'string') return url.text.slice('http://'.length);
    const setting = isFromVariable ? endpointsVariable : '--endpoints';
    throw new CliError('CLI_CONFIG_INVALID', `${setting}: ${url}`, { setting, origin: setting });
  });
}

/** Opens a client for the length of `use`, and says failures as this program says them. */
export async function withClient<Result>(
  endpoints: readonly string[],
  timeoutMs: number | undefined,
  use: (client: QuorateClient) => Promise<Result>,
): Promise<Result> {
  // Here, not at the top: `quorate --help` and `quorate up` have no use for it.
  const { connect } = await import('@quorate/client');
  const client = connect({ endpoints, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  // Not `await using`, which Node 22 cannot read.
  try {
    return await use(client);
  } catch (error) {
    throw requestError(error);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

/** Without a code it is a defect, whose stack is worth more than a sentence: left as it is. */
function requestError(error: unknown): unknown {
  const cause = codeOf(error);
  if (error instanceof CliError || cause === null) return error;
  const message = messageOf(error);
  if (cause.endsWith('OUTCOME_UNKNOWN')) {
    const text = `outcome unknown: ${message}`;
    return new CliError('CLI_OUTCOME_UNKNOWN', text, { cause }, { cause: error });
  }
  return new CliError('CLI_REQUEST_FAILED', message, { cause }, { cause: error });
}
