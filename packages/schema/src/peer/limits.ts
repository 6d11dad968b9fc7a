/**
 * What a message may hold. Without bounds a few megabytes of tiny elements would become a hundred
 * times as much memory at the receiver.
 */
export const maxEntriesPerMessage = 131_072;

/** Of a Forward. */
export const maxCommandsPerMessage = 131_072;
/** Per list of a configuration. */
export const maxConfigurationIds = 1024;
/** Of a locality or an address, as UTF-8. */
export const maxMemberTextBytes = 255;

/** Of a member, as leader. */
export const maxPriority = 255;
