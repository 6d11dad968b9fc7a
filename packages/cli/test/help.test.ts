import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Option } from 'commander';
import { environmentVariable, isSettingKey } from '../src/configuration/settings.ts';
import { buildProgram } from '../src/program.ts';

const update = process.env['UPDATE'] === '1';
const transcript = fileURLToPath(new URL('testdata/help.txt', import.meta.url));
const reference = fileURLToPath(new URL('../../../docs/reference/cli.md', import.meta.url));

const program = buildProgram(() => undefined);
const commands = program.commands;

async function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** What is printed for --help, at 80 columns. */
function helpOf(command: (typeof commands)[number]): string {
  let text = '';
  command.configureOutput({
    writeOut: (chunk) => {
      text += chunk;
    },
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}

/** Flag, meaning and default of each option, as the page has them. */
function flagRows(options: readonly Option[]): string[][] {
  const shown = options.filter(({ hidden }) => !hidden);
  const rows = shown.map((option) => {
    const flag = option.flags.replaceAll(/[<>]/g, '');
    const [, description = option.description, found] =
      /^(.*) \(default: (.*)\)$/.exec(option.description) ?? [];
    return [`\`${flag}\``, description, found ?? String(option.defaultValue ?? '')];
  });
  return [['flag', 'meaning', 'default'], ...rows];
}

/** Of a command with subcommands, those that all of them have, or all that ask a cluster. */
function optionsOf(command: (typeof commands)[number]): readonly Option[] {
  if (command.commands.length === 0) return command.options;
  const all = lastCommands(command);
  const asking = all.filter(({ options }) => options.some(({ long }) => long === '--endpoints'));
  const [first, ...others] = (asking.length > 1 ? asking : all).map(({ options }) => options);
  const isCommon = ({ flags, description }: Option): boolean =>
    others.every((options) =>
      options.some((other) => other.flags === flags && other.description === description),
    );
  return [...command.options, ...(first ?? []).filter(isCommon)];
}

function lastCommands(command: (typeof commands)[number]): (typeof commands)[number][] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(lastCommands);
}

function renderTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return ['', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

/** However wide its columns are: a formatter may have aligned them. */
function parseTable(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line));
  return rows.map((row) => {
    const cells = row.split('|').slice(1, -1);
    return cells.map((cell) => cell.trim());
  });
}

describe('the help', () => {
  it('is the one that was reviewed', async () => {
    const pages = [program, ...commands].map((command) => {
      const words = command === program ? 'quorate --help' : `quorate ${command.name()} --help`;
      return `$ ${words}\n${helpOf(command)}`;
    });
    if (update) await writeFile(transcript, pages.join('\n'));
    assert.equal(await readOrEmpty(transcript), pages.join('\n'), 'run this test with UPDATE=1');
  });

  it('has no line that a terminal of 100 columns would break', async () => {
    for (const line of (await readOrEmpty(transcript)).split('\n')) {
      assert.ok(line.length <= 100, line);
    }
  });
});

describe('the reference page', () => {
  it('lists the flags that each command has', async () => {
    let page = await readFile(reference, 'utf8');
    for (const command of commands) {
      const begin = `<!-- flags of ${command.name()} -->`;
      const end = `<!-- end of flags of ${command.name()} -->`;
      const [head = '', rest = '', ...more] = page.split(begin);
      const [table = '', tail, ...others] = rest.split(end);
      assert.ok(tail !== undefined && more.length + others.length === 0, `one ${begin} ... ${end}`);
      const expected = flagRows(optionsOf(command));
      if (update) page = `${head}${begin}\n${renderTable(expected)}\n${end}${tail}`;
      else assert.deepEqual(parseTable(table), expected, 'run this test with UPDATE=1');
    }
    if (update) await writeFile(reference, page);
  });

  it('lists the flags that the subcommands of a command share', () => {
    const flagsOf = (name: string): string[] =>
      commands
        .filter((one) => one.name() === name)
        .flatMap((one) =>
          flagRows(optionsOf(one))
            .slice(1)
            .map(([flag = '']) => flag),
        );
    const connection = [
      '--endpoints LIST',
      '--timeout-ms MS',
      '--cacert FILE',
      '--cert FILE',
      '--key FILE',
    ].map((flag) => `\`${flag}\``);
    assert.deepEqual(flagsOf('ledger'), ['`--json`', ...connection]);
    assert.deepEqual(flagsOf('lease').slice(0, 6), ['`--json`', ...connection]);
    assert.deepEqual(flagsOf('certs'), ['`--dir DIR`']);
  });

  it('names the environment variable of every setting of serve', async () => {
    const page = await readFile(reference, 'utf8');
    const serve = commands.find((command) => command.name() === 'serve');
    const keys = serve?.options.flatMap(({ long }) => long?.slice(2) ?? []).filter(isSettingKey);
    assert.ok(keys !== undefined && keys.length > 0);
    for (const key of keys) assert.ok(page.includes(`\`${environmentVariable(key)}\``), key);
  });
});
