import colours from 'picocolors';
import type { ClusterEvent } from './cluster-event.ts';

/** The line a person reads for an event, or null when it is not worth one. */
export function describeEvent(event: ClusterEvent): string | null {
  switch (event.event) {
    case 'nodeStarted':
    case 'clusterUp':
      return null;
    case 'nodeReady':
      return `${colours.bold(event.node)} serves (pid ${event.processId})`;
    case 'nodeExited':
      return describeExit(event);
    case 'leaderChanged':
      return event.node === null
        ? colours.yellow('no leader')
        : `${colours.green(event.node)} leads (term ${event.term})`;
    case 'recordFailed':
      return colours.yellow(`cannot update cluster.json: ${event.reason}`);
    case 'stopping':
      return `stopping ${event.nodes.join(', ')}`;
    case 'nodeStopped':
      return event.wasKilled ? `${event.node} did not stop in time and was killed` : null;
    case 'stopped':
      return 'stopped; the same command goes on from here';
  }
}

function describeExit(event: Extract<ClusterEvent, { event: 'nodeExited' }>): string {
  const role = event.wasLeader ? ', the leader,' : '';
  const how =
    event.signal !== null
      ? `was ended by ${event.signal}`
      : event.exitCode !== null
        ? `ended with code ${event.exitCode}`
        : 'could not be started';
  // Killed from outside, a node's last line has nothing to do with its end.
  const why = event.signal === null && event.reason !== null ? `: ${event.reason}` : '';
  const next =
    event.restartInMs === null ? '' : `; starting it again in ${event.restartInMs / 1000} s`;
  return `${colours.red(event.node)}${role} ${how}${next}${why}`;
}
