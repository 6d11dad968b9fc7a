// A day of payments on three servers that are killed now and then:
// `node examples/payments/main.ts`. README.md beside this file says what it shows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectLedger } from '@quorate/client';
import type { Account } from '@quorate/ledger';
import { freePorts } from '../free-ports.ts';
import { numberOf, wordsOf } from '../words.ts';
import { accounts, Day, type Payment } from './day.ts';
import { Servers } from './servers.ts';
import { Statement } from './statement.ts';

const usage = `usage: node examples/payments/main.ts [--payments N] [--kills N] [--seed N]

  --payments N  card payments, and half as many standing orders (100000)
  --kills N     servers killed meanwhile (4)
  --seed N      which day (1)

Takes about half a minute. README.md beside it says what it shows.`;
const words = wordsOf(usage, {
  payments: { type: 'string', default: '100000' },
  kills: { type: 'string', default: '4' },
  seed: { type: 'string', default: '1' },
});

const cardPayments = numberOf(usage, 'payments', words.payments, [2, 10_000_000]);
const kills = numberOf(usage, 'kills', words.kills, [0, 1000]);
const seed = numberOf(usage, 'seed', words.seed, [0, Number.MAX_SAFE_INTEGER]);

const directory = mkdtempSync(join(tmpdir(), 'quorate-payments-'));
const servers = new Servers(directory, await freePorts(6));
const day = new Day(seed);
const expected = new Statement();
/** What became of payments that were not carried out, by the name of the result. */
const refused = new Map<string, number>();
let events = 0;

/** Cashiers at work at a time. */
const cashiers = 400;

async function pay(client: ReturnType<typeof connectLedger>, payment: Payment): Promise<void> {
  for (const step of payment) {
    const { failures } = await client.createTransfers(step);
    events += step.length;
    const failed = new Set(failures.map(({ index }) => index));
    for (const { result } of failures) refused.set(result, (refused.get(result) ?? 0) + 1);
    step.forEach((transfer, index) => {
      if (!failed.has(index)) expected.carriedOut(transfer);
    });
    if (failures.length > 0) return;
  }
}

async function payAll(
  client: ReturnType<typeof connectLedger>,
  name: string,
  count: number,
  next: () => Payment | undefined,
): Promise<void> {
  const startedMs = performance.now();
  const cashier = async (): Promise<void> => {
    for (let payment = next(); payment !== undefined; payment = next()) await pay(client, payment);
  };
  await Promise.all(Array.from({ length: Math.min(cashiers, count) }, cashier));
  const tookMs = performance.now() - startedMs;
  console.log(`${name}: ${count} in ${(tookMs / 1000).toFixed(1)} s`);
}

function taken(payments: readonly Payment[]): () => Payment | undefined {
  const left = [...payments];
  return () => left.shift();
}

function times(count: number, make: () => Payment): () => Payment | undefined {
  let made = 0;
  return () => (made++ < count ? make() : undefined);
}

/** Kills one server after the other, each back before the next goes. */
async function trouble(isOver: () => boolean): Promise<number> {
  let killed = 0;
  for (; killed < kills && !isOver(); killed++) {
    await new Promise((wake) => setTimeout(wake, 700));
    const at = killed % 3;
    await servers.kill(at);
    console.log(`killed server ${at}`);
    await new Promise((wake) => setTimeout(wake, 600));
    await servers.start(at);
  }
  return killed;
}

function balanced(all: readonly Account[]): boolean {
  let isRight = true;
  let debits = 0n;
  let credits = 0n;
  for (const account of all) {
    debits += account.debitsPosted;
    credits += account.creditsPosted;
    const wanted = {
      debits: expected.debits.get(account.id) ?? 0n,
      credits: expected.credits.get(account.id) ?? 0n,
    };
    const isSame =
      account.debitsPosted === wanted.debits &&
      account.creditsPosted === wanted.credits &&
      account.debitsPending === 0n &&
      account.creditsPending === 0n;
    if (isSame) continue;
    console.log(`WRONG: account ${account.id} has`, account, 'and should have', wanted);
    isRight = false;
  }
  console.log(`debits ${euros(debits)}, credits ${euros(credits)}`);
  return isRight && debits === credits;
}

function euros(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
}

async function play(): Promise<boolean> {
  const startedMs = performance.now();
  await Promise.all([0, 1, 2].map((at) => servers.start(at)));
  await using client = connectLedger({ endpoints: servers.endpoints });
  const opened = accounts();
  const { failures } = await client.createAccounts(opened);
  console.log(`three servers, ${opened.length - failures.length} accounts`);
  let isOver = false;
  const killing = trouble(() => isOver);
  const funding = day.funding();
  await payAll(client, 'funding', funding.length, taken(funding));
  const salaries = day.salaries();
  await payAll(client, 'salary runs of 100', salaries.length, taken(salaries));
  const cards = times(cardPayments, () => day.card());
  await payAll(client, 'card payments', cardPayments, cards);
  const orders = Math.floor(cardPayments / 2);
  const withFees = times(orders, () => day.order());
  await payAll(client, 'standing orders with a fee', orders, withFees);
  isOver = true;
  const killed = await killing;
  console.log(`refused: ${[...refused].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  // What was reserved and forgotten expires after three seconds.
  await new Promise((wake) => setTimeout(wake, 3500));
  const ids = opened.map(({ id }) => id);
  const isBalanced = balanced(await client.lookupAccounts(ids));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const verdict = isBalanced ? 'books balanced to the cent' : 'WRONG';
  console.log(`${verdict}: ${events} transfers sent, ${killed} servers killed, ${seconds} s`);
  return isBalanced;
}

try {
  process.exitCode = (await play()) ? 0 : 1;
} finally {
  await servers.killAll();
  rmSync(directory, { recursive: true, force: true });
}
