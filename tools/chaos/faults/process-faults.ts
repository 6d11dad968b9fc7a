import { type Machine, type Member, usualMachine } from '../cluster/member.ts';
import {
  type Begin,
  type Begun,
  chosen,
  type FaultWorld,
  leaderOrChosen,
  minority,
  names,
  nothingToEnd,
} from './fault.ts';
import { replaceMember } from './replace-member.ts';
import type { faultKinds } from './schedule.ts';

const readyLimitMs = 30_000;
/** For a member that ran out of space to notice that it ended, after there is space again. */
const noticeMs = 3000;
const mostWallOffsetMs = 3_600_000;
/** Below the 1 % that members allow for. */
const mostDrift = 0.008;
const mostSyncDelayMs = 400;

async function kill(members: readonly Member[]): Promise<Begun> {
  await Promise.all(members.map((member) => member.kill()));
  return {
    value: names(members),
    end: () => {
      for (const member of members) member.start();
    },
  };
}

function pause(member: Member): Begun {
  member.signal('SIGSTOP');
  return { value: [member.name], end: () => member.signal('SIGCONT') };
}

function alter(members: readonly Member[], machine: Partial<Machine>): Begun {
  for (const member of members) member.setMachine({ ...usualMachine, ...machine });
  return {
    value: { members: names(members), ...machine },
    end: () => {
      for (const member of members) member.setMachine(usualMachine);
    },
  };
}

/** Every other time the member is started anew while there is no space. */
async function fillDisk(world: FaultWorld, member: Member, isRestarted: boolean): Promise<Begun> {
  world.mayEnd.add(member.name);
  if (isRestarted) await member.kill();
  member.volume.fill();
  if (isRestarted) member.start();
  return {
    value: { members: [member.name], restarted: isRestarted },
    end: () => {
      member.volume.free();
      setTimeout(() => world.mayEnd.delete(member.name), noticeMs);
    },
  };
}

/** One after the other, each once the one before serves again. */
async function restartInTurn(world: FaultWorld): Promise<Begun> {
  const members = [...world.cluster.members];
  for (const member of members) {
    if (world.stop.aborted) break;
    if (!(await member.stop())) {
      world.problem('stops when asked', `${member.name} did not stop within 15 s of SIGTERM`);
    }
    member.start();
    const deadlineMs = performance.now() + readyLimitMs;
    while (!member.isReady && performance.now() < deadlineMs && !world.stop.aborted) {
      await world.pause(50);
    }
  }
  return { value: names(members), end: nothingToEnd };
}

export const processFaults: Readonly<Record<(typeof faultKinds.process)[number], Begin>> = {
  'kill-leader': (world, planned) => kill([leaderOrChosen(world, planned)]),
  'kill-one': (world, planned) => kill([chosen(world, planned)]),
  'kill-minority': (world, planned) => kill(minority(world, planned)),
  'kill-all': ({ cluster }) => kill([...cluster.members]),
  'pause-leader': (world, planned) => pause(leaderOrChosen(world, planned)),
  'pause-one': (world, planned) => pause(chosen(world, planned)),
  'full-disk': (world, planned) => {
    const member = chosen(world, planned);
    if (!member.volume.canBeFull) return { skipped: 'no file system could be mounted' };
    return fillDisk(world, member, planned.strength > 0.5);
  },
  'slow-disk': (world, planned) => {
    const syncDelayMs = Math.round(planned.strength * mostSyncDelayMs);
    const all = [...world.cluster.members];
    return alter(planned.luck % 3 === 0 ? all : [chosen(world, planned)], { syncDelayMs });
  },
  'clock-jump': (world, planned) => {
    const wallOffsetMs = Math.round((planned.strength * 2 - 1) * mostWallOffsetMs);
    return alter([chosen(world, planned)], { wallOffsetMs });
  },
  'clock-drift': (world, planned) => {
    return alter([chosen(world, planned)], {
      clockRate: 1 + (planned.strength * 2 - 1) * mostDrift,
    });
  },
  'rolling-restart': (world) => restartInTurn(world),
  'replace-member': (world, planned) => replaceMember(world, planned),
};
