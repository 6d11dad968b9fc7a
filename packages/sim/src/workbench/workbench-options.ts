import type { Prng } from '@quorate/base';
import type { AnswerOf, CommandOf, QueryOf, ResultOf } from '@quorate/runtime';
import type { SequentialModel } from '../linearizability/sequential-model.ts';
import type { WorkbenchMachine } from './machine-types.ts';
import type { WorkbenchNode, WorkbenchService } from './service.ts';
import type { Specification, WorkInput, WorkOutput } from './specification.ts';
import type { WorkbenchRun } from './workbench-run.ts';

/** @typeParam State of the model */
export interface WorkbenchOptions<Machine extends WorkbenchMachine, State = unknown> {
  /** @returns a new, empty state machine each time, in the simple or in the full form */
  readonly create: () => Machine;
  /** Draws a command, of any kind that clients send. Of `prng` and of nothing else. */
  readonly commands: (prng: Prng) => CommandOf<Machine>;
  /** Draws a query; left out: nobody reads. */
  readonly queries?: (prng: Prng) => QueryOf<Machine>;
  /**
   * What the service has to answer when operations come one after another, written down apart from
   * the state machine. Left out: the answers have to be those of one copy that nothing happens to.
   */
  readonly model?:
    | Specification<
        State,
        CommandOf<Machine>,
        ResultOf<Machine>,
        QueryOf<Machine>,
        AnswerOf<Machine>
      >
    | SequentialModel<
        State,
        WorkInput<CommandOf<Machine>, QueryOf<Machine>>,
        WorkOutput<ResultOf<Machine>, AnswerOf<Machine>>
      >;
  /** Looks at a state machine after commands. @returns what is wrong with it, null: nothing */
  readonly invariant?: (machine: Machine) => string | null;
  /**
   * What clients talk to, made once for each life of each node. Left out: commands are proposed and
   * queries are linearizable reads, as with `openNode`.
   */
  readonly service?: (node: WorkbenchNode<Machine>) => WorkbenchService<Machine>;
  /** 1 to 9; default 3. */
  readonly nodes?: number;
  /** How many runs, of the seeds from `firstSeed` on; default 20. */
  readonly seeds?: number;
  /** Default 1. */
  readonly firstSeed?: number;
  /** Only this one. */
  readonly seed?: number;
  /** Only this run, as a failure gave it. */
  readonly plan?: string;
  /** Looks for the smallest run that fails in the same way; takes up to 200 runs. Default no. */
  readonly shrink?: boolean;
  /** Equal states have equal snapshots ('equal', the default), or only once restored. */
  readonly snapshotBytes?: 'equal' | 'mayDiffer';
  /** Globals that may differ between replicas and be used all the same: `Math.exp`. */
  readonly allowedGlobals?: readonly string[];
  /** How many of the last events a failure tells; default 16. */
  readonly lastEvents?: number;
  /** Called after each run. */
  readonly onRun?: (run: WorkbenchRun) => void;
}
