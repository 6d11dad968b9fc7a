import { Prng } from '@quorate/base';
import {
  type ConformanceCase,
  type ConformanceReport,
  demand,
  runCases,
  waitFor,
} from '@quorate/base/conformance';
import type { GroupWrite } from '@quorate/raft';
import { modelOf, randomSnapshot } from './log-model.ts';
import { durableWhenAnswered, idleGroup, randomWrites } from './log-store-lives.ts';
import {
  commit,
  cut,
  entries,
  entry,
  expectRecovered,
  type LogStorePlace,
  restart,
  Submitter,
  snapshotMeta,
  write,
  written,
} from './log-store-place.ts';
import { logStoreRules as rules } from './log-store-rules.ts';

const randomSeeds = 10;

type Body = (place: LogStorePlace) => Promise<void>;

/** Commits all, each on its own, loses the power, and compares. */
async function survive(
  place: LogStorePlace,
  writes: readonly GroupWrite[],
  rule: (typeof rules)[keyof typeof rules],
): Promise<void> {
  const log = await place.open();
  for (const one of writes) await commit(place, log, one);
  const again = await restart(place);
  expectRecovered(again, written(...writes), rule, 'After a crash');
  const third = await restart(place);
  expectRecovered(third, written(...writes), rule, 'After a second crash in a row');
}

async function aNewStore(place: LogStorePlace): Promise<void> {
  const log = await place.open();
  const count = log.recovered.size;
  demand(count === 0, rules.empty, `A new store recovered ${count} groups.`);
  await waitFor(
    place,
    () => log.writable,
    rules.room,
    () => 'writable stayed false.',
  );
  demand(log.pinnedBy === null, rules.room, `pinnedBy named group ${log.pinnedBy}.`);
  const bytes = log.diskBytes;
  demand(Number.isSafeInteger(bytes) && bytes >= 0, rules.room, `diskBytes was ${bytes}.`);
}

const largeTerm = 2 ** 52;
const largeGroup = 2 ** 45;

async function everythingIsRecovered(place: LogStorePlace): Promise<void> {
  const hardState = { term: largeTerm, votedFor: 2 ** 40, commitIndex: 2 };
  const first = write(largeGroup, {
    hardState,
    snapshot: snapshotMeta(0, 0),
    entries: entries(1, 3, 7, 10),
  });
  const second = write(8, { hardState });
  await commit(place, await place.open(), first, second);
  const log = await restart(place);
  expectRecovered(log, written(first, second), rules.exact, 'After a crash');
  const repair = log.recovered.get(largeGroup)?.repairUntil;
  demand(repair === 0, rules.exact, `repairUntil was ${repair} of a log that was never damaged.`);
}

const entriesAreExact: Body = (place) => {
  const kinds = [0, 1, 2, 3] as const;
  const odd = kinds.map((kind, at) => {
    const data = new Uint8Array([0, 100_000, 1, 7][at] as number).fill(at);
    return { ...entry(at + 1, 2 ** 53 - 1, data), kind, timestampMicros: 2 ** 53 - 5 + at };
  });
  return survive(place, [write(1, { entries: odd })], rules.exact);
};

const metaIsExact: Body = (place) => {
  const prng = new Prng(3);
  const writes = Array.from({ length: 12 }, (_, at) =>
    write(at + 1, { snapshot: randomSnapshot(prng, 0, 0) }),
  );
  return survive(place, writes, rules.snapshotMeta);
};

async function answersInOrder(place: LogStorePlace): Promise<void> {
  const log = await place.open();
  const submitter = new Submitter(log);
  const again = new Submitter(log);
  const [last] = [20];
  for (let index = 1; index <= last; index++) {
    if (index === 7) submitter.submit();
    submitter.submit(write(1, { entries: entries(index, index, 1, 50) }));
  }
  submitter.onAnswer = () => {
    if (submitter.answers.length === 3) again.submit(write(2, { entries: entries(1, 1, 1, 9) }));
  };
  await submitter.settle(place);
  await again.settle(place);
  await place.pause(20);
  submitter.check();
  again.check();
  const expected = written(
    write(1, { entries: entries(1, last, 1, 50) }),
    write(2, { entries: entries(1, 1, 1, 9) }),
  );
  expectRecovered(await restart(place), expected, rules.durable, 'After a crash');
}

const truncatedStaysAway: Body = (place) =>
  survive(
    place,
    [
      write(1, { entries: entries(1, 9, 1, 8) }),
      write(1, { truncateAfter: 7 }),
      write(1, { truncateAfter: 4, entries: [entry(5, 2, 'new')] }),
      write(1, { truncateAfter: 3 }),
      write(1, { entries: entries(4, 5, 3, 8) }),
    ],
    rules.truncate,
  );

const replacedAreTheLast: Body = (place) =>
  survive(
    place,
    [
      write(1, { entries: entries(1, 9, 1, 8) }),
      write(1, { truncateAfter: 4, entries: [entry(5, 2, 'new')] }),
    ],
    rules.truncate,
  );

const fieldsInOrder: Body = (place) =>
  survive(
    place,
    [
      write(1, { entries: entries(1, 6, 1, 8) }),
      write(1, {
        hardState: { term: 2, votedFor: 3, commitIndex: 4 },
        truncateAfter: 2,
        entries: entries(3, 8, 2, 8),
        snapshot: snapshotMeta(4, 2),
        logStart: { index: 4, term: 2 },
      }),
    ],
    rules.fieldOrder,
  );

const snapshotAhead: Body = (place) =>
  survive(
    place,
    [
      write(1, { entries: entries(1, 5, 1, 8) }),
      cut(1, 100, 4),
      write(1, { entries: entries(101, 102, 4, 8) }),
    ],
    rules.logStart,
  );

const cutKeepsTail: Body = (place) =>
  survive(
    place,
    [
      write(1, { entries: entries(1, 10, 1, 8) }),
      write(1, { snapshot: snapshotMeta(8, 1), logStart: { index: 4, term: 1 } }),
    ],
    rules.tail,
  );

const nullKeepsHardState: Body = (place) =>
  survive(
    place,
    [
      write(1, { hardState: { term: 5, votedFor: 2, commitIndex: 0 } }),
      write(1, { entries: entries(1, 2, 5, 8) }),
      cut(1, 2, 5),
    ],
    rules.hardState,
  );

const groupsDoNotMix: Body = (place) => {
  const groups = [1, 2, 2 ** 32 + 1, 2 ** 33 + 2, largeGroup, Number.MAX_SAFE_INTEGER];
  const writes = groups.flatMap((group, at) => [
    write(group, {
      hardState: { term: at + 1, votedFor: at, commitIndex: 0 },
      entries: entries(1, 4, at + 1, at + 1),
    }),
    write(group, { truncateAfter: at % 3 }),
  ]);
  return survive(place, writes, rules.groups);
};

async function recoveredIsFixed(place: LogStorePlace): Promise<void> {
  const first = write(1, {
    hardState: { term: 1, votedFor: 1, commitIndex: 0 },
    entries: entries(1, 3, 1, 8),
  });
  await commit(place, await place.open(), first);
  const log = await restart(place);
  const hardState = { term: 2, votedFor: 3, commitIndex: 0 };
  await commit(place, log, write(1, { hardState, truncateAfter: 1, entries: entries(2, 9, 2, 8) }));
  await commit(place, log, cut(1, 5, 2), write(2, { entries: entries(1, 1, 1, 8) }));
  expectRecovered(log, written(first), rules.fixed, 'Once more was written');
}

async function closeAndAfter(place: LogStorePlace): Promise<void> {
  const log = await place.open();
  const before = new Submitter(log);
  before.submit(write(1, { entries: entries(1, 1, 1, 8) }));
  const closed: (Error | null)[] = [];
  log.close((error) => closed.push(error));
  demand(closed.length === 0, rules.closed, 'close called done from inside the call.');
  const after = new Submitter(log);
  after.submit(write(1, { entries: entries(2, 2, 1, 8) }));
  demand(after.answers.length === 0, rules.notInside, 'It refused from inside submit.');
  await before.settle(place);
  const isOver = (): boolean => closed.length > 0 && after.answers.length > 0;
  await waitFor(place, isOver, rules.closed, () => {
    return closed.length === 0 ? 'close never called done.' : 'A late submission got no answer.';
  });
  demand(closed[0] === null, rules.closed, `close failed: ${closed[0]?.message}.`);
  const isRefused = after.answers[0]?.error instanceof Error;
  demand(isRefused, rules.closed, 'It answered a submission after close as if it were durable.');
  const expected = written(write(1, { entries: entries(1, 1, 1, 8) }));
  expectRecovered(await place.open(), expected, rules.closed, 'After close');
}

async function errorIsFinal(place: LogStorePlace): Promise<void> {
  const missing = 'The place has no failWrites; give it one, or run withoutFailingWrites.';
  demand(place.failWrites !== undefined, rules.finalError, missing);
  const log = await place.open();
  await commit(place, log, write(1, { entries: entries(1, 1, 1, 8) }));
  place.failWrites();
  const submitter = new Submitter(log);
  for (let index = 2; index <= 6; index++) {
    submitter.submit(write(1, { entries: entries(index, index, 1, 8) }));
    const isAnswered = (): boolean => submitter.answers.length >= index - 1;
    await waitFor(place, isAnswered, rules.finalError, () => {
      return 'Once writing had failed, a submission was never answered.';
    });
    const isSuccess = submitter.answers.some(({ error }) => error === null);
    const what = index === 2 ? 'a submission that was not written' : 'a submission after an error';
    demand(!isSuccess, rules.finalError, `It answered ${what} as durable.`);
  }
  const expected = written(write(1, { entries: entries(1, 1, 1, 8) }));
  const found = modelOf((await restart(place)).recovered).get(1)?.entries.length ?? 0;
  const lost = `After an error and a restart ${found} of 1 answered entries are there.`;
  demand(found >= (expected.get(1)?.entries.length ?? 0), rules.durable, lost);
}

const bodies: Readonly<Record<string, Body>> = {
  'a new store knows no group': aNewStore,
  'everything that was answered is recovered': everythingIsRecovered,
  'an entry keeps its index, term, kind, time and data': entriesAreExact,
  'a snapshot keeps the whole of its meta': metaIsExact,
  'submissions are answered once each, in order, never from inside submit': answersInOrder,
  'what is answered is durable at that moment, and a submission is whole or not':
    durableWhenAnswered,
  'truncated entries stay away, and those written over them stay': truncatedStaysAway,
  'nothing comes back behind entries that were written over others': replacedAreTheLast,
  'the fields of a write are applied in their order': fieldsInOrder,
  'a snapshot ahead of the log empties it': snapshotAhead,
  'a log cut behind a snapshot keeps its tail': cutKeepsTail,
  'a write without a hard state leaves it as it is': nullKeepsHardState,
  'the vote of an idle group outlives whatever the others do': idleGroup,
  'groups do not mix, whatever their numbers': groupsDoNotMix,
  'what was recovered does not change with what is written': recoveredIsFixed,
  'close answers what came before it and refuses what comes after': closeAndAfter,
};

/** Which cases are left out; by default none. */
export interface LogStoreSuiteOptions {
  /** True: the places have no `failWrites`, and what follows an error is not looked at. */
  readonly withoutFailingWrites?: boolean;
}

/**
 * What every log store owes the core, one case for each.
 *
 * @param factory gives a new, empty place for each case
 */
export function logStoreCases(
  factory: () => LogStorePlace | Promise<LogStorePlace>,
  options: LogStoreSuiteOptions = {},
): ConformanceCase[] {
  const inPlace = async (body: Body): Promise<void> => {
    const place = await factory();
    try {
      await body(place);
    } finally {
      await place.dispose?.();
    }
  };
  const cases = Object.entries(bodies).map(([name, body]) => ({ name, run: () => inPlace(body) }));
  if (options.withoutFailingWrites !== true) {
    const name = 'after an error nothing is accepted any more';
    cases.push({ name, run: () => inPlace(errorIsFinal) });
  }
  for (let seed = 1; seed <= randomSeeds; seed++) {
    const name = `any legal writes are recovered as a plain model has them, seed ${seed}`;
    cases.push({ name, run: () => inPlace((place) => randomWrites(place, seed)) });
  }
  return cases;
}

/**
 * Runs all of `logStoreCases`.
 *
 * @param subject what is checked, for the report
 * @throws ConformanceFailure that says of each broken rule what was done, what the contract asks
 *   and why
 */
export function checkLogStore(
  subject: string,
  factory: () => LogStorePlace | Promise<LogStorePlace>,
  options: LogStoreSuiteOptions = {},
): Promise<ConformanceReport> {
  return runCases(subject, logStoreCases(factory, options));
}
