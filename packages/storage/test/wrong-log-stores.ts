import type { GroupWrite, LogStore, RecoveredGroup } from '@quorate/raft';
import type { Entry } from '@quorate/schema';
import { Scheduler } from '@quorate/sim';
import type { LogStorePlace } from '@quorate/storage/conformance';
import { applyToModel, type LogModel, modelOf } from '../conformance/log-model.ts';

type Done = (error: Error | null) => void;

interface Submission {
  readonly writes: readonly GroupWrite[];
  readonly done: Done;
}

/**
 * The plainest right log store: a model that survives, batches that gather for a while. What a
 * wrong one does otherwise is a method that it replaces.
 */
export class PlainPlace implements LogStorePlace {
  readonly scheduler = new Scheduler();
  /** What the power does not take. */
  disk: LogModel = new Map();
  isFailing = false;
  #life = 0;

  async pause(milliseconds: number): Promise<void> {
    const untilMs = this.scheduler.nowMs + milliseconds;
    while (this.scheduler.step(untilMs));
  }

  crash(): void {
    this.#life += 1;
  }

  failWrites(): void {
    this.isFailing = true;
  }

  open(): LogStore {
    this.isFailing = false;
    return new PlainStore(this);
  }

  /** Later, unless the power goes before. */
  later(delayMs: number, callback: () => void): void {
    const life = this.#life;
    this.scheduler.schedule(delayMs, () => {
      if (life === this.#life) callback();
    });
  }

  persist(writes: readonly GroupWrite[]): void {
    for (const one of writes) applyToModel(this.disk, one);
  }

  /** One batch, durable and answered. */
  carryOut(batch: readonly Submission[]): void {
    const life = this.#life;
    for (const { writes } of batch) this.persist(writes);
    for (const { done } of batch) if (life === this.#life) done(null);
  }

  recover(): Map<number, RecoveredGroup> {
    return modelOf(this.disk);
  }

  afterFailure(store: PlainStore): Error | null {
    return store.failure;
  }

  submitted(_store: PlainStore, submission: Submission, gather: () => void): void {
    if (submission.writes.length >= 0) gather();
  }
}

export class PlainStore implements LogStore {
  readonly recovered: ReadonlyMap<number, RecoveredGroup>;
  readonly writable = true;
  readonly pinnedBy = null;
  readonly diskBytes = 1;
  failure: Error | null = null;
  isClosed = false;
  readonly #place: PlainPlace;
  #gathered: Submission[] = [];

  constructor(place: PlainPlace) {
    this.#place = place;
    this.recovered = place.recover();
  }

  submit(writes: readonly GroupWrite[], done: Done): void {
    const place = this.#place;
    const refusal = place.afterFailure(this) ?? (this.isClosed ? new Error('closed') : null);
    if (refusal !== null) {
      place.later(0, () => done(refusal));
      return;
    }
    place.submitted(this, { writes, done }, () => {
      this.#gathered.push({ writes, done });
      if (this.#gathered.length === 1) place.later(1, () => this.#flush());
    });
  }

  close(done: Done): void {
    this.isClosed = true;
    this.#place.later(5, () => done(null));
  }

  #flush(): void {
    const batch = this.#gathered;
    this.#gathered = [];
    if (this.#place.isFailing && this.#place.afterFailure(this) === null) {
      const failure = new Error('the disk failed');
      this.failure = failure;
      this.#place.isFailing = false;
      for (const { done } of batch) done(failure);
    } else {
      this.#place.carryOut(batch);
    }
  }
}

function mapGroups(
  place: PlainPlace,
  edit: (state: RecoveredGroup) => RecoveredGroup | null,
): Map<number, RecoveredGroup> {
  const out = new Map<number, RecoveredGroup>();
  for (const [group, state] of modelOf(place.disk)) {
    const edited = edit(state);
    if (edited !== null) out.set(group, edited);
  }
  return out;
}

/** What each does wrong, and the words by which its author is told. */
export const wrongLogStores: Readonly<Record<string, { make: () => PlainPlace; told: RegExp }>> = {
  'answers out of order': {
    make: () =>
      new (class extends PlainPlace {
        override carryOut(batch: readonly Submission[]): void {
          super.carryOut(batch.toReversed());
        }
      })(),
    told: /answered submission \d+ before submission 1\. .*completions come in the order/,
  },
  'answers from inside submit': {
    make: () =>
      new (class extends PlainPlace {
        override submitted(_: PlainStore, { writes, done }: Submission): void {
          this.persist(writes);
          done(null);
        }
      })(),
    told: /done from inside submit\. .*never from inside the call\. .*middle of its own step/,
  },
  'answers twice': {
    make: () =>
      new (class extends PlainPlace {
        override carryOut(batch: readonly Submission[]): void {
          super.carryOut(batch);
          const last = batch.at(-1);
          this.later(3, () => last?.done(null));
        }
      })(),
    told: /answered submission \d+ twice/,
  },
  'never answers a submission without writes': {
    make: () =>
      new (class extends PlainPlace {
        override submitted(_: PlainStore, submission: Submission, gather: () => void): void {
          if (submission.writes.length > 0) gather();
        }
      })(),
    told: /1 of 21 submissions were never answered/,
  },
  'acknowledges before it is durable': {
    make: () =>
      new (class extends PlainPlace {
        override carryOut(batch: readonly Submission[]): void {
          this.later(1, () => {
            for (const { writes } of batch) this.persist(writes);
          });
          for (const { done } of batch) done(null);
        }
      })(),
    told: /crash at the answer to submission \d+ only 0 are there.*survive a crash from then on/,
  },
  'tears a submission that concerns two groups': {
    make: () =>
      new (class extends PlainPlace {
        override carryOut(batch: readonly Submission[]): void {
          const [first, ...rest] = batch;
          if (first === undefined) return;
          this.persist(first.writes);
          this.persist(rest[0]?.writes.slice(0, 1) ?? []);
          this.later(0, () => first.done(null));
          this.later(0, () => {
            this.persist(rest[0]?.writes.slice(1) ?? []);
            const others = rest.map(({ writes, done }, at) => ({ writes: at ? writes : [], done }));
            super.carryOut(others);
          });
        }
      })(),
    told: /in no state that it ever had: of group .*all of it is there or none/,
  },
  'loses a truncation that comes without entries': {
    make: () =>
      new (class extends PlainPlace {
        override persist(writes: readonly GroupWrite[]): void {
          super.persist(
            writes.map((one) => (one.entries.length > 0 ? one : { ...one, truncateAfter: null })),
          );
        }
      })(),
    told: /the entries are .*, written were .*overwritten: when they come back/,
  },
  'keeps stale entries behind those that replace them': {
    make: () =>
      new (class extends PlainPlace {
        override persist(writes: readonly GroupWrite[]): void {
          for (const one of writes) {
            const stale = this.disk.get(one.group)?.entries ?? [];
            applyToModel(this.disk, one);
            const state = this.disk.get(one.group);
            const last = one.entries.at(-1)?.index;
            if (one.truncateAfter === null || last === undefined) continue;
            state?.entries.push(...stale.filter(({ index }) => index > last));
          }
        }
      })(),
    told: /the entries are 1 to 9, written were 1 to 5.*after this index are void/,
  },
  'truncates after it has appended': {
    make: () =>
      new (class extends PlainPlace {
        override persist(writes: readonly GroupWrite[]): void {
          for (const one of writes) {
            super.persist([{ ...one, truncateAfter: null }]);
            const state = this.disk.get(one.group);
            const after = one.truncateAfter ?? Number.POSITIVE_INFINITY;
            if (state) state.entries = state.entries.filter(({ index }) => index <= after);
          }
        }
      })(),
    told: /truncateAfter comes before entries/,
  },
  'forgets the hard state of an idle group': {
    make: () =>
      new (class extends PlainPlace {
        readonly #age = new Map<number, number>();
        override persist(writes: readonly GroupWrite[]): void {
          super.persist(writes);
          for (const [group, age] of this.#age) this.#age.set(group, age + 1);
          for (const { group } of writes) this.#age.set(group, 0);
        }
        override recover(): Map<number, RecoveredGroup> {
          return mapGroups(this, (state) => {
            return (this.#age.get(state.group) ?? 0) > 20 ? null : state;
          });
        }
      })(),
    told: /of another group, cut away since.* group 5 is not there.*votes twice in one term/,
  },
  'takes no hard state for an empty one': {
    make: () =>
      new (class extends PlainPlace {
        override persist(writes: readonly GroupWrite[]): void {
          const none = { term: 0, votedFor: 0, commitIndex: 0 };
          super.persist(writes.map((one) => ({ ...one, hardState: one.hardState ?? none })));
        }
      })(),
    told: /hardState\.term is 0, written 5.*null leaves it as it is/,
  },
  'mixes groups whose numbers agree in 32 bits': {
    make: () =>
      new (class extends PlainPlace {
        override persist(writes: readonly GroupWrite[]): void {
          super.persist(writes.map((one) => ({ ...one, group: one.group >>> 0 })));
        }
      })(),
    told: /any safe integer is a log of its own/,
  },
  'keeps 32 bits of a term': {
    make: () =>
      new (class extends PlainPlace {
        override recover(): Map<number, RecoveredGroup> {
          const short = (one: Entry): Entry => ({ ...one, term: one.term >>> 0 });
          return mapGroups(this, (state) => ({ ...state, entries: state.entries.map(short) }));
        }
      })(),
    told: /entries\[0\]\.term is 4294967295, written 9007199254740991.*another entry/,
  },
  'drops the start of the log': {
    make: () =>
      new (class extends PlainPlace {
        override recover(): Map<number, RecoveredGroup> {
          return mapGroups(this, (state) => ({ ...state, logStart: { index: 0, term: 0 } }));
        }
      })(),
    told: /logStart\.index is 0, written 100.*the log begins after this position/,
  },
  'cuts the whole log behind a snapshot': {
    make: () =>
      new (class extends PlainPlace {
        override persist(writes: readonly GroupWrite[]): void {
          super.persist(
            writes.map((one) => {
              const { snapshot } = one;
              return snapshot && one.logStart ? { ...one, logStart: snapshot } : one;
            }),
          );
        }
      })(),
    told: /the entries are 9 to 10, written were 5 to 10.*a little late/,
  },
  'keeps only voters of a configuration': {
    make: () =>
      new (class extends PlainPlace {
        override recover(): Map<number, RecoveredGroup> {
          return mapGroups(this, (state) => {
            if (state.snapshot === null) return state;
            const configuration = { ...state.snapshot.configuration, learners: [] };
            return { ...state, snapshot: { ...state.snapshot, configuration } };
          });
        }
      })(),
    told: /configuration\.learners has 0 elements, written were 1.*would ask the wrong/,
  },
  'lets what was recovered change': {
    make: () =>
      new (class extends PlainPlace {
        override recover(): Map<number, RecoveredGroup> {
          return this.disk;
        }
      })(),
    told: /Once more was written, what was recovered differs.*not what came later/,
  },
  'accepts after an error': {
    make: () =>
      new (class extends PlainPlace {
        override afterFailure(): null {
          return null;
        }
      })(),
    told: /a submission after an error as durable\. .*an error is final/,
  },
  'accepts after close': {
    make: () =>
      new (class extends PlainPlace {
        override open(): LogStore {
          return Object.assign(super.open(), {
            close: (done: Done) => this.later(5, () => done(null)),
          });
        }
      })(),
    told: /a submission after close as if it were durable/,
  },
};
