/** Permanent: it decides the id of the group. */
export const electionGroupName = 'election';
