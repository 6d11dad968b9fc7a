/** What happens to a local cluster, in the order it happens. `node` is a name. */
export type ClusterEvent =
  | { readonly event: 'nodeStarted'; readonly node: string; readonly processId: number }
  | { readonly event: 'nodeReady'; readonly node: string; readonly processId: number }
  | {
      readonly event: 'nodeExited';
      readonly node: string;
      readonly wasLeader: boolean;
      readonly exitCode: number | null;
      readonly signal: string | null;
      /** What the node said of itself last. */
      readonly reason: string | null;
      /** null: it is not started again. */
      readonly restartInMs: number | null;
    }
  /** `node` null: nobody leads. */
  | { readonly event: 'leaderChanged'; readonly node: string | null; readonly term: number }
  /** All nodes serve and know who leads, for the first time. */
  | { readonly event: 'clusterUp'; readonly leader: string; readonly term: number }
  /** cluster.json does not say what is so; the nodes go on. */
  | { readonly event: 'recordFailed'; readonly reason: string }
  /** In the order in which they will be stopped, the leader last. */
  | { readonly event: 'stopping'; readonly nodes: readonly string[] }
  | { readonly event: 'nodeStopped'; readonly node: string; readonly wasKilled: boolean }
  | { readonly event: 'stopped' };
