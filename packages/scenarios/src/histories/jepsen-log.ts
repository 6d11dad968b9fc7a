import type { Operation, RegisterInput, RegisterOutput } from '@quorate/sim';

export type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/** A line of a log is not what it should be. */
export class MalformedLine extends Error {
  override readonly name = 'MalformedLine';
  readonly line: number;

  /** @param line from 1 */
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface Event {
  readonly line: number;
  readonly process: number;
  readonly kind: string;
  readonly name: string;
  readonly value: string;
}

interface Invocation {
  readonly event: Event;
  readonly input: RegisterInput;
}

const prefix = /^(?:INFO\s+jepsen\.util\s+-\s+)?/;
const shape = /^(\d{1,9})\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.*)$/;
/** What some logs have behind the value: remarks that say nothing of what the client saw. */
const remark = /\s+:hint\s+-?\d+$/;
const nemesis = /^:nemesis\s/;
const integer = /^-?\d{1,15}$/;
const pair = /^\[\s*(nil|-?\d{1,15})\s+(nil|-?\d{1,15})\s*\]$/;

/**
 * Reads a history of a register with compare-and-set as Jepsen logs it: one line an event, with
 * process, `:invoke`, `:ok`, `:fail` or `:info`, `:read`, `:write` or `:cas`, and the value. Blank
 * lines and lines of the nemesis are passed over.
 *
 * @returns operations whose positions are the numbers of their lines, from 1
 * @throws MalformedLine
 */
export function parseJepsenLog(text: string): RegisterOperation[] {
  const operations: RegisterOperation[] = [];
  const pending = new Map<number, Invocation>();
  for (const [at, line] of text.split('\n').entries()) {
    const event = parseEvent(line, at + 1);
    if (event === null) continue;
    const invocation = pending.get(event.process);
    if (event.kind === 'invoke') {
      if (invocation !== undefined) {
        const since = `its ${invocation.event.name} of line ${invocation.event.line}`;
        throw wrong(event, `process ${event.process} has had no answer to ${since}`);
      }
      pending.set(event.process, { event, input: parseInput(event) });
      continue;
    }
    if (invocation === undefined || invocation.event.name !== event.name) {
      throw wrong(event, `process ${event.process} has no ${event.name} under way`);
    }
    pending.delete(event.process);
    const operation = answered(invocation, event);
    if (operation !== null) operations.push(operation);
  }
  for (const { event, input } of pending.values()) operations.push(open(event, input));
  return operations;
}

function parseEvent(text: string, line: number): Event | null {
  const content = text.replace(prefix, '').trim().replace(remark, '');
  if (content === '' || nemesis.test(content)) return null;
  const match = shape.exec(content);
  if (match === null) {
    const wanted = 'a process, :invoke, :ok, :fail or :info, :read, :write or :cas, and a value';
    throw new MalformedLine(line, `not an event: wanted are ${wanted}`);
  }
  const [, process, kind, name, value] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  return { line, process: Number(process), kind, name, value: value.trim() };
}

function parseInput(event: Event): RegisterInput {
  switch (event.name) {
    case 'read':
      if (event.value !== 'nil') throw wrong(event, `a read is called with nil`);
      return { kind: 'read' };
    case 'write':
      return { kind: 'write', value: parseValue(event, event.value) };
    default: {
      const match = pair.exec(event.value);
      if (match === null) throw wrong(event, `'${event.value}' is not a pair like [1 2]`);
      const [, expected = '', value = ''] = match;
      return {
        kind: 'cas',
        expected: parseValue(event, expected),
        value: parseValue(event, value),
      };
    }
  }
}

function parseValue(event: Event, text: string): number | null {
  if (text === 'nil') return null;
  if (integer.test(text)) return Number(text);
  throw wrong(event, `'${text}' is neither nil nor an integer of at most 15 digits`);
}

/** @returns null: the operation has no effect and tells nothing */
function answered({ event: call, input }: Invocation, answer: Event): RegisterOperation | null {
  const client = call.process;
  const completed = (output: RegisterOutput): RegisterOperation => {
    return { kind: 'completed', client, input, output, callAt: call.line, returnAt: answer.line };
  };
  // Whatever is said of a time-out, nobody knows what became of the operation.
  if (answer.kind === 'info' || answer.value === ':timed-out') {
    if (answer.kind === 'ok') throw wrong(answer, 'an answer that is :ok has a value');
    return open(call, input);
  }
  if (input.kind === 'read') {
    if (answer.kind === 'fail') return null;
    return completed({ kind: 'read', value: parseValue(answer, answer.value) });
  }
  if (JSON.stringify(parseInput(answer)) !== JSON.stringify(input)) {
    throw wrong(answer, `the answer is to ${answer.value}, line ${call.line} has ${call.value}`);
  }
  if (input.kind === 'cas') return completed({ kind: 'cas', succeeded: answer.kind === 'ok' });
  return answer.kind === 'ok' ? completed({ kind: 'write' }) : null;
}

function open(call: Event, input: RegisterInput): RegisterOperation {
  return { kind: 'open', client: call.process, input, callAt: call.line };
}

function wrong(event: Event, message: string): MalformedLine {
  return new MalformedLine(event.line, message);
}
