// For users and library authors alike: links to peers over any network port.
export { Enquirer, type EnquirerOptions } from './enquiry/enquirer.ts';
export type { EnquiryDone, EnquiryHandler } from './enquiry/enquiry.ts';
export type { SpokenVersions } from './handshake.ts';
export type { TransportLimits } from './limits.ts';
export { defaultTransportLimits } from './limits.ts';
export type { ListeningPeerLinks, PeerLinksOptions } from './peer-links.ts';
export { createPeerLinks } from './peer-links.ts';
export type { TransportErrorCode, TransportErrorMetadata } from './transport-error.ts';
export { TransportError } from './transport-error.ts';
