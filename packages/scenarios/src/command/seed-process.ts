import { playSeed } from './play-seed.ts';
import type { SeedToPlay } from './seed-player.ts';

// A process that plays one seed after another for the one that forked it.

process.on('message', (asked: SeedToPlay) => {
  process.send?.(playSeed(asked));
});

process.on('disconnect', () => process.exit());
