import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkHistory } from '../chaos/checks/check-history.ts';
import {
  type EventType,
  fieldOf,
  type HistoryEvent,
  type Json,
  listOf,
} from '../chaos/history/history-event.ts';
import { goodHistory } from './chaos-histories/good-history.ts';

interface Planted {
  readonly mistake: string;
  /** The check that must find it; others may too. */
  readonly foundBy: string;
  readonly plant: (history: HistoryEvent[]) => void;
}

/** @returns where the event is; the history has it */
function find(history: readonly HistoryEvent[], f: string, type: EventType, nth = 0): number {
  const places = [...history.keys()].filter((at) => {
    return history[at]?.f === f && history[at]?.type === type;
  });
  const at = places.at(nth);
  assert.ok(at !== undefined, `no ${f} ${type}`);
  return at;
}

function alter(
  history: HistoryEvent[],
  [f, type, nth]: readonly [string, EventType, number?],
  change: (event: HistoryEvent) => Partial<HistoryEvent>,
): void {
  const at = find(history, f, type, nth);
  const event = history[at] as HistoryEvent;
  history[at] = { ...event, ...change(event) };
}

/** Alters what a batch of the watch's events says. */
function alterEvents(
  history: HistoryEvent[],
  watch: number,
  change: (rows: readonly Json[]) => readonly Json[],
): void {
  const at = history.findIndex(
    ({ f, value }) => f === 'watch-events' && fieldOf(value, 'watch') === watch,
  );
  const event = history[at] as HistoryEvent;
  const rows = listOf(fieldOf(event.value, 'events'));
  history[at] = { ...event, value: { watch, events: change(rows) } };
}

function move(history: HistoryEvent[], from: number, to: number, time: number): void {
  const [event] = history.splice(from, 1) as [HistoryEvent];
  history.splice(to, 0, { ...event, time });
}

const planted: readonly Planted[] = [
  {
    mistake: 'a read of what was before',
    foundBy: 'reads',
    plant: (history) => alter(history, ['read', 'ok', 2], () => ({ value: 3 })),
  },
  {
    mistake: 'a read of an old state as a whole',
    foundBy: 'real time',
    plant: (history) => {
      const { value, detail, revision } = history[find(history, 'read', 'ok', 0)] as HistoryEvent;
      alter(history, ['read', 'ok', 2], () => ({
        value,
        detail: detail as Json,
        revision: revision as number,
      }));
    },
  },
  {
    mistake: 'a read of an old state, to the search that knows no revisions of others',
    foundBy: 'linearizability',
    plant: (history) => {
      const { value, detail } = history[find(history, 'read', 'ok', 0)] as HistoryEvent;
      alter(history, ['read', 'ok', 2], () => ({ value, detail: detail as Json }));
    },
  },
  {
    mistake: 'a write that was acknowledged and is not there',
    foundBy: 'acknowledged writes',
    plant: (history) => alter(history, ['write', 'fail'], () => ({ type: 'ok', revision: 9 })),
  },
  {
    mistake: 'a write that was refused and is there',
    foundBy: 'refused writes',
    plant: (history) => alter(history, ['write', 'ok'], () => ({ type: 'fail', error: 'no' })),
  },
  {
    mistake: 'a write that nobody sent',
    foundBy: 'phantoms',
    plant: (history) => {
      alter(history, ['write', 'invoke'], () => ({ value: 77 }));
      alter(history, ['write', 'ok'], () => ({ value: 77 }));
    },
  },
  {
    mistake: 'a comparison that held and did not',
    foundBy: 'comparisons',
    plant: (history) => {
      alter(history, ['cas', 'invoke', 0], () => ({ value: [4, 2] }));
      alter(history, ['cas', 'ok', 0], () => ({ value: [4, 2] }));
    },
  },
  {
    mistake: 'a comparison that was refused and held',
    foundBy: 'comparisons',
    plant: (history) => alter(history, ['cas', 'invoke', 1], () => ({ value: [2, 101] })),
  },
  {
    mistake: 'a list that has lost an element',
    foundBy: 'transactions',
    plant: (history) => {
      for (const row of [1, 2]) {
        const at = history.findIndex(({ value }) => {
          const rows = fieldOf(value, 'events');
          return Array.isArray(rows) && String(rows[0]).startsWith('t/1');
        });
        const event = history[at] as HistoryEvent;
        const text = JSON.stringify(event.value).replace(/"1 2( 3)?"/g, row === 1 ? '"2$1"' : '$&');
        history[at] = { ...event, value: JSON.parse(text) };
      }
    },
  },
  {
    mistake: 'a transaction that read what was not there',
    foundBy: 'transactions',
    plant: (history) =>
      alter(history, ['txn', 'ok', 2], () => ({
        value: [
          ['append', 't/1', 3],
          ['r', 't/2', [9]],
        ],
      })),
  },
  {
    mistake: 'an event that a watch was not told of',
    foundBy: 'watch content',
    plant: (history) => alterEvents(history, 2, (rows) => rows.toSpliced(2, 1)),
  },
  {
    mistake: 'an event told twice',
    foundBy: 'watch content',
    plant: (history) => alterEvents(history, 2, (rows) => [...rows.slice(0, 3), ...rows.slice(2)]),
  },
  {
    mistake: 'events out of order',
    foundBy: 'watch order',
    plant: (history) => alterEvents(history, 2, (rows) => rows.toReversed()),
  },
  {
    mistake: 'an answer delivered twice',
    foundBy: 'watch order',
    plant: (history) => {
      const at = find(history, 'watch-events', 'info', 1);
      history.splice(at, 0, history[at] as HistoryEvent);
    },
  },
  {
    mistake: 'a wrong version before',
    foundBy: 'watch content',
    plant: (history) =>
      alterEvents(history, 2, (rows) => [
        rows[0] as Json,
        [...listOf(rows[1]).slice(0, 6), null],
        ...rows.slice(2),
      ]),
  },
  {
    mistake: 'a revision that the watch of everything was not told of',
    foundBy: 'log',
    plant: (history) => alterEvents(history, 1, (rows) => rows.toSpliced(1, 1)),
  },
  {
    mistake: 'a watch cancelled as compacted that needed nothing of it',
    foundBy: 'watch end',
    plant: (history) =>
      history.push({
        ...(history.at(-1) as HistoryEvent),
        process: 90,
        f: 'watch-end',
        value: { watch: 2, compacted: 3 },
      }),
  },
  {
    mistake: 'a lease that ended early, as its key shows',
    foundBy: 'leases',
    plant: (history) => {
      const at = history.findLastIndex(({ f, value }) => {
        return f === 'watch-events' && JSON.stringify(value).includes('l/1');
      });
      const time = (history[at] as HistoryEvent).time - 300e6;
      move(history, at, at, time);
    },
  },
  {
    mistake: 'a lease that ended early, as its client was told',
    foundBy: 'leases',
    plant: (history) =>
      alter(history, ['keepalive', 'ok', 0], ({ value }) => {
        return { value: { lease: fieldOf(value, 'lease') as Json, ttl: 0 } };
      }),
  },
  {
    mistake: 'a lease that does not end',
    foundBy: 'leases end',
    plant: (history) =>
      alter(history, ['final-leases', 'info', 1], () => ({ value: ['00000000000000a1'] })),
  },
  {
    mistake: 'a lock that two have',
    foundBy: 'locks',
    plant: (history) => {
      // The first holder had not let it go yet when the second got it.
      const release = find(history, 'release', 'invoke', 0);
      const { time } = history[find(history, 'acquire', 'ok', 1)] as HistoryEvent;
      const end = find(history, 'release', 'ok', 0);
      const answer = history[end] as HistoryEvent;
      history.splice(end, 1);
      const invoke = history[release] as HistoryEvent;
      history.splice(release, 1);
      for (const nth of [1, 0]) {
        const revoked = find(history, 'revoke', nth === 1 ? 'ok' : 'invoke', 0);
        history.splice(revoked, 1);
      }
      const last = history.findIndex((event) => event.time > time);
      history.splice(last, 0, { ...invoke, time: time + 1 }, { ...answer, time: time + 2 });
    },
  },
  {
    mistake: 'a write under a fence that was no longer up',
    foundBy: 'fencing',
    plant: (history) =>
      alter(history, ['fenced', 'invoke', 1], ({ value }) => ({
        value: { ...(value as Record<string, Json>), fence: 2 },
      })),
  },
  {
    mistake: 'a member that holds something else in the end',
    foundBy: 'replicas',
    plant: (history) =>
      alter(history, ['final-read', 'info', 1], ({ value }) => ({ value: listOf(value).slice(1) })),
  },
  {
    mistake: 'a member with another hash',
    foundBy: 'same hash',
    plant: (history) =>
      alter(history, ['final-hash', 'info', 1], () => ({ value: { hash: 8, compacted: 0 } })),
  },
  {
    mistake: 'no member that can be read in the end',
    foundBy: 'ends well',
    plant: (history) => {
      for (let left = 2; left > 0; left--) {
        history.splice(find(history, 'final-read', 'info'), 1);
      }
    },
  },
];

describe('the checks of a chaos run', () => {
  it('find nothing in a history in which every promise is kept', () => {
    const { violations, operations } = checkHistory(goodHistory());
    assert.deepEqual(violations.kept, []);
    assert.ok(operations.ok > 20 && operations.info === 1);
  });

  it('take a version before for missing only if it may have been compacted', () => {
    for (const revision of [3, 2]) {
      const history = goodHistory();
      const at = find(history, 'watch-events', 'info');
      const { time } = history[at] as HistoryEvent;
      const compact = { process: 50, f: 'compact', key: null, value: revision, time };
      history.splice(at, 0, { ...compact, type: 'invoke' }, { ...compact, type: 'ok' });
      alterEvents(history, 2, (rows) => rows.with(1, [...listOf(rows[1]).slice(0, 6), null]));
      const { violations } = checkHistory(history);
      assert.deepEqual([...violations.counts.keys()], revision === 3 ? [] : ['watch content']);
    }
  });

  for (const { mistake, foundBy, plant } of planted) {
    it(`find ${mistake}`, () => {
      const history = goodHistory();
      plant(history);
      const { violations } = checkHistory(history);
      const found = violations.kept.map(({ check, message }) => `${check}: ${message}`).join('\n');
      assert.ok(violations.counts.has(foundBy), `${foundBy} should have, found was:\n${found}`);
    });
  }
});
