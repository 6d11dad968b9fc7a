/** One thing that the contract asks for, to be run on its own. */
export interface ConformanceCase {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Rejects with a ConformanceFailure that says what was done and what is asked for. */
  run(): Promise<void>;
}

/** What the contract says, and what happens to a cluster when it does not hold. */
export interface ContractRule {
  /** As it stands in the contract, with where that is. */
  readonly says: string;
  readonly because: string;
}

/**
 * Names of cases, in the order in which they ran; `subject` is what was tested. `reason` is the
 * contract's sentence, what was done instead, and what that does to a cluster.
 */
export interface ConformanceReport {
  readonly subject: string;
  readonly passed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
  /** Left out because earlier cases waited in vain, as these would. */
  readonly notRun: readonly string[];
}

/** The implementation does not keep the contract; the message says where, and why it matters. */
export class ConformanceFailure extends Error {
  override readonly name = 'ConformanceFailure';
  /** Null for one broken rule; with all cases for a run of a whole suite. */
  readonly report: ConformanceReport | null;

  constructor(message: string, report: ConformanceReport | null = null) {
    super(message);
    this.report = report;
  }
}

/** Whoever never answers is known by then. */
const mostVain = 6;

/** Something that had to happen never did, for as long as a case waits. */
export class WaitedInVain extends ConformanceFailure {}

/**
 * @param did what the implementation did instead, a sentence
 * @throws ConformanceFailure when `holds` is false
 */
export function demand(holds: boolean, rule: ContractRule, did: string): asserts holds {
  if (holds) return;
  throw new ConformanceFailure(brokenRule(rule, did));
}

export function brokenRule(rule: ContractRule, did: string): string {
  return `${did} The contract: ${rule.says} Why: ${rule.because}`;
}

/**
 * Runs all cases, one after the other, also after some have failed; but not after six that waited
 * in vain, since the others would wait as long.
 *
 * @throws ConformanceFailure whose message has every failure and whose `report` has every case
 */
export async function runCases(
  subject: string,
  cases: readonly ConformanceCase[],
): Promise<ConformanceReport> {
  const passed: string[] = [];
  const failed: { name: string; reason: string }[] = [];
  const notRun: string[] = [];
  let vain = 0;
  for (const [at, { name, run }] of cases.entries()) {
    try {
      await run();
      passed.push(name);
    } catch (error) {
      failed.push({ name, reason: reasonOf(error) });
      if (error instanceof WaitedInVain) vain += 1;
      if (vain === mostVain) {
        notRun.push(...cases.slice(at + 1).map((one) => one.name));
        break;
      }
    }
  }
  const report = { subject, passed, failed, notRun };
  if (failed.length === 0) return report;
  const lines = failed.map(({ name, reason }) => `\n- ${name}: ${reason}`);
  const count = `${failed.length} of ${cases.length}`;
  const rest =
    notRun.length === 0 ? '' : `\n${notRun.length} cases were not run: these waited in vain`;
  const found = `${lines.join('')}${rest}`;
  const message = `${subject} does not keep its contract in ${count} cases:${found}`;
  throw new ConformanceFailure(message, report);
}

/** What an implementation throws where it should not is its failure too. */
function reasonOf(error: unknown): string {
  if (error instanceof ConformanceFailure) return error.message;
  return `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
