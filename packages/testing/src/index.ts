// For users: a cluster with etcd's API inside the process of the tests.
export { fastTuning, startTestCluster } from './start-test-cluster.ts';
export type {
  Superuser,
  TestClientOptions,
  TestCluster,
  TestClusterOptions,
} from './test-cluster.ts';
export type { TestNode } from './test-node.ts';
