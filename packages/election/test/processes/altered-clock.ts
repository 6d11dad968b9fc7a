// Loaded before a candidate's own code (node --import): its clocks go ELECTION_CLOCK_RATE times as
// fast as those of the machine. `process.hrtime`, by which candidates are judged, is as it was.

import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const rate = Number(process.env['ELECTION_CLOCK_RATE'] ?? 1);
const { now } = Date;
const trueNow = performance.now.bind(performance);
const trueUptime = os.uptime;
const beganMs = trueNow();

/** By how much this process is ahead of the machine. */
function aheadMs(): number {
  return (trueNow() - beganMs) * (rate - 1);
}

performance.now = () => trueNow() + aheadMs();
Date.now = () => now() + Math.round(aheadMs());
os.uptime = () => trueUptime() + aheadMs() / 1000;
syncBuiltinESMExports();
