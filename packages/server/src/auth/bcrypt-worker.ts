import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcryptjs';
import type { BcryptAnswer, BcryptJob } from './bcrypt-passwords.ts';

function isRight(password: string, hash: string): boolean {
  try {
    return bcrypt.compareSync(password, hash);
  } catch {
    // No hash at all: nothing is right.
    return false;
  }
}

parentPort?.on('message', (job: BcryptJob) => {
  const { id, password } = job;
  const value =
    job.cost === null ? isRight(password, job.hash) : bcrypt.hashSync(password, job.cost);
  const answer: BcryptAnswer = { id, value };
  parentPort?.postMessage(answer);
});
