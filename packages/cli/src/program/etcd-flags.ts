import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { type EtcdFlag, etcdFlags } from '../configuration/etcd-flags.ts';

/** Lets `serve` understand the flags of `etcd` that it does not have, and say so. */
export function addEtcdFlags(serve: Command): void {
  for (const [name, flag] of Object.entries(etcdFlags)) {
    serve.addOption(new Option(`--${name} [VALUE]`).hideHelp());
    serve.on(`option:${name}`, () => answer(name, flag));
  }
}

/** @throws CliError CLI_USAGE */
function answer(name: string, flag: EtcdFlag): void {
  if (flag.kind === 'refused') {
    const message = `serve has no --${name} of etcd's; ${flag.instead}`;
    throw new CliError('CLI_USAGE', message, {});
  }
  process.stderr.write(`quorate: --${name} is ignored: ${flag.because}\n`);
}
