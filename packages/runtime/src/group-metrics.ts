import type { Counter, Gauge, Histogram, Labels, Metrics } from '@quorate/base';
import type { Effects, LeadershipChange, Role } from '@quorate/raft';
import type { NodeId } from '@quorate/schema';
import type { RaftView } from './runtime-options.ts';

const latencyBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

const roles: readonly Role[] = [
  'follower',
  'preCandidate',
  'candidate',
  'leader',
  'learner',
  'witness',
  'removed',
];

/** What operators watch of one replica. Durations are in seconds. */
export class GroupMetrics {
  readonly #labels: Labels;
  readonly #term: Gauge;
  readonly #state: Gauge;
  readonly #commitIndex: Gauge;
  readonly #appliedIndex: Gauge;
  readonly #logEntries: Gauge;
  readonly #logBytes: Gauge;
  readonly #snapshotIndex: Gauge;
  readonly #pending: Gauge;
  readonly #failed: Counter;
  readonly #elections: Counter;
  readonly #leaderChanges: Counter;
  readonly #electionSeconds: Histogram;
  readonly #commitSeconds: Histogram;
  readonly #applySeconds: Histogram;
  #pendingCount = 0;
  #role: Role | null = null;
  #campaignSinceMs: number | null = null;
  #leader: NodeId = 0;

  constructor(metrics: Metrics, node: NodeId, group: string, electionTimeoutMs: number) {
    this.#labels = { node: String(node), group };
    const named = (name: string, help: string, labels: readonly string[]) => ({
      name,
      help,
      labels,
    });
    const both = ['node', 'group'];
    this.#term = metrics.gauge(named('raft_current_term', 'Current term.', both));
    this.#state = metrics.gauge(
      named('raft_state', '1 for the state the replica is in, else 0.', [...both, 'state']),
    );
    this.#commitIndex = metrics.gauge(
      named('raft_commit_index', 'Index of the last entry known to be committed.', both),
    );
    this.#appliedIndex = metrics.gauge(
      named('raft_applied_index', 'Index of the last entry applied.', both),
    );
    this.#logEntries = metrics.gauge(
      named('raft_log_entries', 'Entries of the log that are in memory.', both),
    );
    this.#logBytes = metrics.gauge(
      named('raft_log_bytes', 'What the log takes in memory, about.', both),
    );
    this.#snapshotIndex = metrics.gauge(
      named('raft_snapshot_index', 'Index of the last entry that a snapshot here has.', both),
    );
    this.#pending = metrics.gauge(
      named('raft_proposals_pending', 'Proposals made here that wait for their result.', both),
    );
    this.#pending.set(0, this.#labels);
    this.#failed = metrics.counter(
      named('raft_proposals_failed_total', 'Proposals made here that had no result.', both),
    );
    this.#failed.add(0, this.#labels);
    this.#elections = metrics.counter(
      named('raft_elections_total', 'Campaigns this replica began.', both),
    );
    this.#leaderChanges = metrics.counter(
      named('raft_leader_changes_total', 'Leaders this replica learned of.', both),
    );
    const timings = { buckets: latencyBuckets };
    this.#electionSeconds = metrics.histogram({
      ...named('raft_election_duration_seconds', 'From the first campaign to a leader.', both),
      ...timings,
    });
    this.#commitSeconds = metrics.histogram({
      ...named('raft_commit_duration_seconds', 'From a proposal here to its result.', both),
      ...timings,
    });
    this.#applySeconds = metrics.histogram({
      ...named('raft_apply_duration_seconds', 'Of one batch in the state machine.', both),
      ...timings,
    });
    metrics
      .gauge(named('raft_election_timeout_seconds', 'Shortest wait for a leader.', both))
      .set(electionTimeoutMs / 1000, this.#labels);
  }

  turned(raft: RaftView, effects: Effects, appliedIndex: number, nowMs: number): void {
    for (const change of effects.leadership) this.#changed(change, nowMs);
    if (this.#role === null) this.#showRole(raft.role);
    this.#term.set(raft.currentTerm, this.#labels);
    this.#commitIndex.set(raft.commitIndex, this.#labels);
    this.#appliedIndex.set(appliedIndex, this.#labels);
    this.#logEntries.set(raft.logEntries, this.#labels);
    this.#logBytes.set(raft.logBytes, this.#labels);
    this.#snapshotIndex.set(raft.snapshot.index, this.#labels);
    this.#pending.set(this.#pendingCount, this.#labels);
  }

  /** A proposal was taken here; `committed` or `failed` follows. */
  proposed(): void {
    this.#pendingCount += 1;
  }

  failed(): void {
    this.#pendingCount -= 1;
    this.#failed.add(1, this.#labels);
  }

  /** A proposal was not even taken. */
  refused(): void {
    this.#failed.add(1, this.#labels);
  }

  committed(seconds: number): void {
    this.#pendingCount -= 1;
    this.#commitSeconds.observe(seconds, this.#labels);
  }

  appliedBatch(seconds: number): void {
    this.#applySeconds.observe(seconds, this.#labels);
  }

  #changed({ role, leader }: LeadershipChange, nowMs: number): void {
    if (role === 'preCandidate') {
      this.#elections.add(1, this.#labels);
      this.#campaignSinceMs ??= nowMs;
    }
    if (leader !== 0 && leader !== this.#leader) {
      this.#leaderChanges.add(1, this.#labels);
      this.#leader = leader;
    }
    if (leader !== 0 && this.#campaignSinceMs !== null) {
      this.#electionSeconds.observe((nowMs - this.#campaignSinceMs) / 1000, this.#labels);
      this.#campaignSinceMs = null;
    }
    if (role !== this.#role) this.#showRole(role);
  }

  #showRole(role: Role): void {
    this.#role = role;
    for (const state of roles) this.#state.set(state === role ? 1 : 0, { ...this.#labels, state });
  }
}
