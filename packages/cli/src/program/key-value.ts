import { type Command, Option } from 'commander';
import { commandHelp } from '../help-text.ts';
import { openOutput } from '../output.ts';
import {
  addConnectionOptions,
  clientCommand,
  clientFlags,
  type Finish,
  wholeNumber,
} from './client-command.ts';
import { hexadecimalId } from './identifiers.ts';

const positive = wholeNumber(1, Number.MAX_SAFE_INTEGER);

const sortings = {
  key: 'key',
  version: 'version',
  create: 'createRevision',
  modify: 'modRevision',
  value: 'value',
} as const;

type Sorting = keyof typeof sortings;

/** `put`, `get` and `del`. */
export function addKeyValue(program: Command, finish: Finish): void {
  addPut(program, finish);
  addGet(program, finish);
  addDel(program, finish);
}

function addPut(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'put', 'Write a key.')
    .argument('KEY', 'the key')
    .argument('[VALUE]', 'the value; - or nothing: standard input')
    .option('--lease <ID>', 'delete the key when this lease ends', hexadecimalId)
    .option('--prev-kv', 'print what was there before')
    .option('--ignore-value', 'keep the value the key has')
    .option('--ignore-lease', 'keep the lease the key has');
  addConnectionOptions(command)
    .addHelpText('after', commandHelp.put)
    .action(async (key: string, value: string | undefined, options) => {
      const { put } = await import('../commands/key-value.ts');
      const flags = {
        ...clientFlags(options),
        lease: options.lease,
        isWithPrevious: options.prevKv === true,
        ignoresValue: options.ignoreValue === true,
        ignoresLease: options.ignoreLease === true,
      };
      finish(await put(key, value, flags, openOutput(options.json === true)));
    });
}

/** The range that begins with KEY. */
function addRangeOptions(command: Command): Command {
  return command
    .optionsGroup('Range:')
    .option('--prefix', 'all keys that begin with KEY')
    .option('--from-key', 'all keys from KEY on')
    .option('--range-end <END>', 'all keys from KEY on and before END');
}

interface RangeValues {
  readonly prefix?: boolean;
  readonly fromKey?: boolean;
  readonly rangeEnd?: string;
}

function rangeFlags({ prefix, fromKey, rangeEnd }: RangeValues) {
  return { isPrefix: prefix === true, isFromKey: fromKey === true, rangeEnd };
}

function addGet(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'get', 'Read keys.').argument('KEY', 'the key');
  const sortBy = new Option('--sort-by <WHAT>', 'key, version, create, modify or value');
  const order = new Option('--order <ORDER>', 'ascend or descend');
  addRangeOptions(command)
    .option('--limit <N>', 'at most N keys', positive)
    .option('--rev <N>', 'as of revision N', positive)
    .addOption(sortBy.choices(Object.keys(sortings)))
    .addOption(order.choices(['ascend', 'descend']))
    .optionsGroup('Answer:')
    .option('--serializable', "the asked node's own state, which may be behind")
    .addOption(new Option('--keys-only', 'print no values').conflicts('printValueOnly'))
    .option('--print-value-only', 'print no keys')
    .option('--count-only', 'print how many keys there are');
  addConnectionOptions(command)
    .addHelpText('after', commandHelp.get)
    .action(async (key: string, options) => {
      const { get } = await import('../commands/key-value.ts');
      const by: Sorting | undefined = options.sortBy;
      const flags = {
        ...clientFlags(options),
        ...rangeFlags(options),
        limit: options.limit,
        revision: options.rev,
        isSerializable: options.serializable === true,
        isKeysOnly: options.keysOnly === true,
        isValueOnly: options.printValueOnly === true,
        isCountOnly: options.countOnly === true,
        sortBy: by === undefined ? undefined : sortings[by],
        isDescending: options.order === 'descend',
      };
      finish(await get(key, flags, openOutput(options.json === true)));
    });
}

function addDel(program: Command, finish: Finish): void {
  const command = clientCommand(program, 'del', 'Delete keys.').argument('KEY', 'the key');
  addRangeOptions(command).optionsGroup('Answer:').option('--prev-kv', 'print what was deleted');
  addConnectionOptions(command)
    .addHelpText('after', commandHelp.del)
    .action(async (key: string, options) => {
      const { del } = await import('../commands/key-value.ts');
      const flags = {
        ...clientFlags(options),
        ...rangeFlags(options),
        isWithPrevious: options.prevKv === true,
      };
      finish(await del(key, flags, openOutput(options.json === true)));
    });
}
