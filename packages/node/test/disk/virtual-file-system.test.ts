import { Prng } from '@quorate/base';
import { Scheduler, VirtualDisk } from '@quorate/sim';
import { testFileSystemContract } from './file-system-contract.ts';

/** A virtual disk whose time passes whenever the process has nothing else to do. */
testFileSystemContract(() => {
  const scheduler = new Scheduler();
  let isPassing = false;
  const pass = (): void => {
    isPassing = scheduler.step(Number.POSITIVE_INFINITY);
    if (isPassing) setImmediate(pass);
  };
  const fileSystem = new VirtualDisk({
    prng: new Prng(1),
    schedule: (delayMs, callback) => {
      scheduler.schedule(delayMs, callback);
      if (!isPassing) setImmediate(pass);
      isPassing = true;
    },
  });
  return { fileSystem, dispose: () => Promise.resolve() };
});
