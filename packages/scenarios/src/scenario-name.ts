/** What there is to play. */
export const scenarioNames = ['kv', 'election', 'ledger'] as const;

export type ScenarioName = (typeof scenarioNames)[number];
