export type { Host, HostGroup, HostOptions, HostTuning } from './host.ts';
