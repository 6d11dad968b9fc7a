import { electionMutants } from './election-mutants.ts';
import { membershipMutants } from './membership-mutants.ts';
import type { Mutant } from './mutant.ts';
import { outsideMutants } from './outside-mutants.ts';
import { readMutants } from './read-mutants.ts';
import { replicationMutants } from './replication-mutants.ts';
import { ruleMutants } from './rule-mutants.ts';

export const mutants: readonly Mutant[] = [
  ...electionMutants,
  ...membershipMutants,
  ...replicationMutants,
  ...readMutants,
  ...ruleMutants,
  ...outsideMutants,
];
