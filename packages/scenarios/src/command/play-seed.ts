import { present } from '@quorate/base';
import type { TraceEvent } from '@quorate/sim';
import { drawElectionPlan, violateDrift } from '../election/election-plan.ts';
import { runElectionScenario } from '../election/election-scenario.ts';
import { playPicture } from '../election/pictures/play-picture.ts';
import { pictures } from '../election/pictures/registry.ts';
import { runKvScenario } from '../kv/kv-scenario.ts';
import { drawLedgerPlan } from '../ledger/ledger-plan.ts';
import { runLedgerScenario } from '../ledger/ledger-scenario.ts';
import { drawPlan } from '../plan/draw-plan.ts';
import type { SeedToPlay } from './seed-player.ts';
import { type Summary, summarize, summarizeElection, summarizePicture } from './summary.ts';

/** Whatever a seed means in its scenario. */
export function playSeed(asked: SeedToPlay, trace?: (event: TraceEvent) => void): Summary {
  const { scenario, seed, nodes, picture: name } = asked;
  if (scenario === 'kv') return summarize(seed, runKvScenario(drawPlan(seed, nodes), trace));
  if (scenario === 'ledger') {
    return summarize(seed, runLedgerScenario(drawLedgerPlan(seed, nodes), trace));
  }
  if (name !== undefined) {
    const picture = pictures.find((one) => one.name === name);
    return summarizePicture(playPicture(present(picture, 'it was checked'), seed, trace));
  }
  const drawn = drawElectionPlan(seed, nodes);
  const plan = asked.violateDrift === true ? violateDrift(drawn) : drawn;
  return summarizeElection(seed, runElectionScenario(plan, trace));
}
