/** What replicas store is nobody else's to read. */
export const fileMode = 0o600;
export const directoryMode = 0o700;
