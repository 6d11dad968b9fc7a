/** A log as it stands in a directory, and whether it is linearizable. */
export interface SampleLog {
  readonly file: string;
  readonly linearizable: boolean;
  readonly text: string;
}

/** Lines are written here without the prefix, and with blanks for tabs. */
function sample(
  file: string,
  linearizable: boolean,
  prefix: string,
  ...lines: readonly string[]
): SampleLog {
  const text = lines.map((line) => `${prefix}${line.replaceAll(/ (?![^[]*\])/g, '\t')}\n`).join('');
  return { file, linearizable, text };
}

const prefix = 'INFO  jepsen.util - ';

export const sampleLogs: readonly SampleLog[] = [
  // Two writes overlap, a read tells their order; of two cas, the one that wins is plain.
  sample(
    'agreed-order.log',
    true,
    prefix,
    '0 :invoke :read nil',
    '0 :ok :read nil',
    '0 :invoke :write 7',
    '1 :invoke :write 8',
    '2 :invoke :read nil',
    '1 :ok :write 8',
    '2 :ok :read 8',
    '0 :ok :write 7',
    '2 :invoke :read nil',
    '2 :ok :read 7',
    '0 :invoke :cas [7 9]',
    '1 :invoke :cas [7 6]',
    '1 :fail :cas [7 6]',
    '0 :ok :cas [7 9]',
    '2 :invoke :read nil',
    '2 :ok :read 9',
  ),
  // A write that failed for certain is read; a log without prefixes.
  sample(
    'failed-write-seen.log',
    false,
    '',
    '0 :invoke :write 1',
    '0 :ok :write 1',
    '1 :invoke :write 2',
    '1 :fail :write 2',
    '0 :invoke :read nil',
    '0 :ok :read 2',
  ),
  // A write and a cas without an answer take effect after others that came later.
  sample(
    'late-write.log',
    true,
    prefix,
    '0 :invoke :write 1',
    '0 :ok :write 1',
    '1 :invoke :write 2',
    '1 :info :write :timed-out',
    '2 :invoke :read nil',
    '2 :ok :read 1',
    '0 :invoke :write 3',
    '0 :ok :write 3',
    '2 :invoke :read nil',
    '2 :fail :read :timed-out',
    '4 :invoke :cas [2 5]',
    '3 :invoke :read nil',
    '3 :ok :read 2',
    '3 :invoke :read nil',
    '3 :ok :read 5',
  ),
  // A read that began after a write had been acknowledged shows the value before it.
  sample(
    'stale-read.log',
    false,
    prefix,
    '0 :invoke :write 1',
    '0 :ok :write 1',
    '1 :invoke :write 2',
    '2 :invoke :read nil',
    '1 :ok :write 2',
    '2 :ok :read 1',
    '2 :invoke :read nil',
    '2 :ok :read 1',
  ),
  // Two cas of one value both succeed.
  sample(
    'two-winners.log',
    false,
    prefix,
    '0 :invoke :write 4',
    '0 :ok :write 4',
    '1 :invoke :cas [4 1]',
    '2 :invoke :cas [4 2]',
    '1 :ok :cas [4 1]',
    '2 :ok :cas [4 2]',
    '0 :invoke :read nil',
    '0 :ok :read 2',
  ),
];
