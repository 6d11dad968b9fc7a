import { Prng } from '@quorate/base';
import { demand, waitFor } from '@quorate/base/conformance';
import type { GroupWrite, LogStore } from '@quorate/raft';
import { differenceOfLogs } from './first-difference.ts';
import { applyToModel, type LogModel, modelOf, randomWrite } from './log-model.ts';
import {
  commit,
  cut,
  entries,
  expectRecovered,
  type LogStorePlace,
  restart,
  Submitter,
  write,
  written,
} from './log-store-place.ts';
import { logStoreRules as rules } from './log-store-rules.ts';

/** The power goes while `done` is being called, the first time at the first, then later. */
export async function durableWhenAnswered(place: LogStorePlace): Promise<void> {
  let model: LogModel = new Map();
  for (let life = 1; life <= 6; life++) {
    const log = await place.open();
    const submitter = new Submitter(log);
    const crashes: Promise<void>[] = [];
    submitter.onAnswer = () => {
      if (crashes.length === 0 && submitter.answers.length === life) {
        crashes.push(Promise.resolve(place.crash()));
      }
    };
    const planned = modelOf(model);
    const submissions = Array.from({ length: 8 }, (_, at) => submissionOf(planned, life * 8 + at));
    for (const writes of submissions) submitter.submit(...writes);
    await waitFor(
      place,
      () => crashes.length > 0,
      rules.answered,
      () => {
        const { length } = submitter.answers;
        return `Of ${submissions.length} submissions only ${length} were answered.`;
      },
    );
    await Promise.all(crashes);
    submitter.check();
    const answered = submitter.answers.length;
    model = whatIsThere(await place.open(), model, submissions, answered);
    await place.crash();
  }
}

/** Two groups; now and then a truncation, or a cut behind a snapshot. */
function submissionOf(planned: LogModel, turn: number): GroupWrite[] {
  return [1, 2 ** 45].map((group) => {
    const state = planned.get(group);
    const last = state?.entries.at(-1)?.index ?? state?.logStart.index ?? 0;
    const start = state?.logStart.index ?? 0;
    const hardState = { term: turn, votedFor: (turn % 3) + 1, commitIndex: start };
    const after = turn % 3 === 0 ? Math.max(start, last - 1) : null;
    const first = (after ?? last) + 1;
    const parts = { hardState, truncateAfter: after, entries: entries(first, first + 1, turn, 30) };
    const isCut = turn % 5 === 0;
    const one = isCut ? { ...cut(group, first, turn), ...parts } : write(group, parts);
    applyToModel(planned, one);
    return one;
  });
}

/** @returns the state after some submission, at or after the last one that was answered */
function whatIsThere(
  log: LogStore,
  before: LogModel,
  submissions: readonly (readonly GroupWrite[])[],
  answered: number,
): LogModel {
  const found = modelOf(log.recovered);
  const model = modelOf(before);
  let atAnswered: string | null = null;
  for (let count = 0; count <= submissions.length; count++) {
    if (count > 0) for (const one of submissions[count - 1] ?? []) applyToModel(model, one);
    const difference = differenceOfLogs(found, model);
    if (difference === null && count >= answered) return found;
    const isLess = `After a crash at the answer to submission ${answered} only ${count} are there.`;
    demand(difference !== null, rules.durable, isLess);
    if (count === answered) atAnswered = difference;
  }
  const when = `After a crash at the answer to submission ${answered}`;
  demand(false, rules.together, `${when} the log is in no state that it ever had: ${atAnswered}.`);
}

/** Others write, cut their logs and restart until nothing of the beginning is needed but one. */
export async function idleGroup(place: LogStorePlace): Promise<void> {
  const first = write(5, { hardState: { term: 3, votedFor: 2, commitIndex: 0 } });
  const model = written(first);
  let log = await place.open();
  await commit(place, log, first);
  let index = 0;
  for (let life = 0; life < 3; life++) {
    for (let turn = 0; turn < 25; turn++) {
      const writes = [
        write(1, { entries: entries(index + 1, index + 3, 1, 200) }),
        cut(1, index + 3, 1),
      ];
      for (const one of writes) {
        applyToModel(model, one);
        await commit(place, log, one);
      }
      index += 3;
    }
    log = await restart(place);
    const when = `After ${index} entries of another group, cut away since`;
    expectRecovered(log, model, rules.hardState, when);
  }
}

export async function randomWrites(place: LogStorePlace, seed: number): Promise<void> {
  const prng = new Prng(seed);
  let log = await place.open();
  let model: LogModel = modelOf(log.recovered);
  for (let life = 0; life < 4; life++) {
    const submitter = new Submitter(log);
    for (let turn = 0; turn < 30; turn++) {
      const writes = [1, 2, 3].map((group) => {
        const one = randomWrite(prng, model, group);
        applyToModel(model, one);
        return one;
      });
      submitter.submit(...writes);
    }
    await submitter.settle(place);
    log = await restart(place);
    expectRecovered(log, model, rules.exact, `With random writes of seed ${seed}`);
    model = modelOf(log.recovered);
  }
}
