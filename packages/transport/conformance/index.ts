// For whoever writes a transport of their own: what it has to keep, as cases that run anywhere.
export type { ConformanceCase, ConformanceReport, Pace } from '@quorate/base/conformance';
export { ConformanceFailure } from '@quorate/base/conformance';
export type { NetworkHarness } from './network-probe.ts';
export { checkNetwork, networkCases } from './network-suite.ts';
export type { PeerLinksHarness } from './peer-links-probe.ts';
export { checkPeerLinks, peerLinksCases } from './peer-links-suite.ts';
