import { assert } from '@quorate/base';
import type { InstallSnapshot } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import { oweAnswer } from './append-entries.ts';

/**
 * The driver has received all of a snapshot from the leader and made its content durable. It
 * replaces the log, unless the log already reaches as far (dissertation 5.1).
 */
export function handleInstallSnapshot(replica: Replica, message: InstallSnapshot): void {
  const { role } = replica;
  assert(role.kind === 'follower', 'the sender leads this term, so this node follows');
  const { snapshot } = message;
  if (snapshot.index > replica.commitIndex) {
    if (replica.log.termAt(snapshot.index) === snapshot.term) {
      // Everything before it agrees too, so the entries are as good as the snapshot, and cheaper.
      replica.commitTo(snapshot.index);
    } else {
      replica.installSnapshot(snapshot);
    }
  }
  replica.verifiedTo(snapshot.index);
  oweAnswer(replica, role, message.from);
}
