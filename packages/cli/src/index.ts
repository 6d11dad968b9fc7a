export type { CliErrorCode, CliErrorMetadata } from './cli-error.ts';
export { CliError } from './cli-error.ts';
export { main } from './main.ts';
