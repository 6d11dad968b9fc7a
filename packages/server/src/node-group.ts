import type { MemberGroup } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import type { EtcdResult } from './core/etcd-state-machine.ts';
import type { ServedGroup } from './core/service-context.ts';

/** A group refuses with nothing but RuntimeError; all else is a bug and ends the process. */
function refusal(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  throw error;
}

/** The node's group in the form the service takes, which calls back. */
export function servedGroupOf(group: MemberGroup<EtcdResult>): ServedGroup {
  return {
    propose(command, done) {
      group.propose(command).then(
        (applied) => done(null, applied),
        (error: unknown) => done(refusal(error), null),
      );
    },
    readBarrier(done) {
      // The query runs at the moment the state is known to be fresh: that is when `done` must be
      // called, and not one turn later.
      const read = group.read(() => done(null, group.status().appliedIndex));
      read.catch((error: unknown) => done(refusal(error), 0));
    },
    status: () => group.status(),
    onLeadership: (listener) => group.onLeadership(listener),
    transferLeadership(to, done) {
      group.transferLeadership(to).then(
        () => done(null),
        (error: unknown) => done(refusal(error)),
      );
    },
  };
}
