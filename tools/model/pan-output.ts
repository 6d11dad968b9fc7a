/** What Spin's verifier found on its way through the states of a model. */
export interface Exploration {
  readonly states: number;
  readonly depth: number;
  /** The assertion that did not hold; null when all did as far as it went. */
  readonly violated: string | null;
  /** Whether every state within the bounds was seen, or the first violation. */
  readonly complete: boolean;
}

const TOTALS = /depth reached (\d+), errors: (\d+)/;
const STATES = /^\s*([\d.e+]+) states, stored/m;
const VIOLATED = /assertion violated\s+\(?(\w+)\)? \(at depth \d+\)/;
/** Each of these means that a part of the states was not looked at. */
const CUT_SHORT = /max search depth too small|reached -DMEMLIM|Search not completed/;

/** @throws Error when it is not the output of a verifier that ran to an end */
export function parsePanOutput(output: string): Exploration {
  const totals = TOTALS.exec(output);
  const states = STATES.exec(output);
  if (totals === null || states === null) {
    throw new Error(`the verifier did not report its totals; it said:\n${output.slice(0, 2000)}`);
  }
  const violated = VIOLATED.exec(output)?.[1] ?? null;
  if (violated === null && totals[2] !== '0') {
    throw new Error(`the verifier found an error that is no assertion:\n${output.slice(0, 2000)}`);
  }
  return {
    states: Number(states[1]),
    depth: Number(totals[1]),
    violated,
    complete: violated !== null || !CUT_SHORT.test(output),
  };
}
