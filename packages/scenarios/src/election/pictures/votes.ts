import { present } from '@quorate/base';
import type { SimulatedNode } from '@quorate/sim';
import type { Held, Letter } from './message-gate.ts';
import type { Picture } from './picture.ts';
import type { PictureStage } from './picture-stage.ts';

interface TwoCandidates {
  readonly first: SimulatedNode;
  readonly second: SimulatedNode;
  readonly voter: SimulatedNode;
  /** What the candidates ask of the voter. */
  readonly asked: Held;
  /** The candidates hear each other again. */
  readonly reconcile: () => void;
}

/** Two candidates of one term that do not hear each other, and a third node that both ask. */
function twoCandidates(stage: PictureStage): TwoCandidates {
  const { gate } = stage;
  const [first, second, voter] = stage.nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
  const apart = gate.hold(({ from, to }) => from !== voter.id && to !== voter.id);
  const voterRests = gate.hold(({ from, message }) => {
    return from === voter.id && message.type === 'PreVote';
  });
  const leave = gate.hold(({ from, message }) => {
    return from === voter.id && message.type === 'PreVoteResponse';
  });
  const asked = gate.hold(({ to, message }) => {
    return to === voter.id && message.type === 'RequestVote';
  });
  stage.begin();
  const hasLeave = ({ id }: SimulatedNode): boolean => leave.letters.some(({ to }) => to === id);
  stage.until('two nodes may ask for votes', () => hasLeave(first) && hasLeave(second));
  leave.open();
  stage.until('two candidates have asked for a vote', () => asked.letters.length === 2);
  const [one, other] = asked.letters as [Letter, Letter];
  stage.expect(one.message.type === other.message.type, 'both ask for a vote');
  stage.expect(termOf(one) === termOf(other), 'both ask in the same term');
  const reconcile = (): void => {
    apart.forget();
    apart.open();
    voterRests.forget();
    voterRests.open();
  };
  return { first, second, voter, asked, reconcile };
}

function termOf({ message }: Letter): number {
  return 'term' in message ? message.term : 0;
}

/** One that stands for what a candidate sends again and again. */
function letterOf(asked: Held, { id }: SimulatedNode): Letter {
  return present(
    asked.letters.find(({ from }) => from === id),
    'it has asked',
  );
}

function repeat(stage: PictureStage, letter: Letter): void {
  for (let times = 0; times < 12; times++) {
    letter.deliver();
    stage.run(50);
  }
}

export const twoCandidatesInOneTerm: Picture = {
  name: 'two-candidates-in-one-term',
  shows: 'two candidates ask the third node at the same moment, in the same term',
  setting: { nodes: 3 },
  catches: ['two-votes-in-a-term'],
  play(stage) {
    const { asked, reconcile } = twoCandidates(stage);
    asked.open();
    stage.run(20);
    reconcile();
    const leader = stage.awaitLeader();
    stage.run(2000);
    stage.expect(stage.elections === 1, 'one of them leads, and goes on');
    return `both asked, node ${leader.id} got the vote and leads`;
  },
};

export const voteAskedAgainAfterARestart: Picture = {
  name: 'vote-asked-again-after-a-restart',
  shows: 'a voter loses power once its vote has left, and is then asked by the other candidate',
  setting: { nodes: 3 },
  catches: ['vote-not-persisted'],
  play(stage) {
    const { first, second, voter, asked, reconcile } = twoCandidates(stage);
    const answers = stage.gate.hold(({ message }) => message.type === 'RequestVoteResponse');
    const [mine, others] = [letterOf(asked, first), letterOf(asked, second)];
    mine.deliver();
    stage.until('the voter has answered', () => answers.letters.length > 0);
    stage.losePower(voter);
    stage.start(voter);
    repeat(stage, others);
    answers.open();
    asked.forget();
    asked.open();
    reconcile();
    const leader = stage.awaitLeader();
    stage.run(2000);
    stage.expect(stage.elections === 1, 'one of them leads, and goes on');
    return `node ${voter.id} kept to its vote; node ${leader.id} leads`;
  },
};

export const crashBeforeTheVoteIsDurable: Picture = {
  name: 'crash-before-the-vote-is-durable',
  shows: 'a voter loses power while it writes its vote down, and then votes for the other',
  setting: { nodes: 3 },
  catches: ['vote-leaves-before-fsync'],
  play(stage) {
    const { first, second, voter, asked, reconcile } = twoCandidates(stage);
    const answers = stage.gate.hold(({ message }) => {
      return message.type === 'RequestVoteResponse';
    });
    const [mine, others] = [letterOf(asked, first), letterOf(asked, second)];
    const usual = voter.disk.latency;
    voter.disk.latency = { minMs: 200, maxMs: 200, perMebibyteMs: 0 };
    mine.deliver();
    stage.run(50);
    stage.expect(answers.letters.length === 0, 'no vote leaves before it is durable');
    stage.losePower(voter);
    voter.disk.latency = usual;
    stage.start(voter);
    repeat(stage, others);
    answers.open();
    asked.forget();
    asked.open();
    reconcile();
    const leader = stage.awaitLeader();
    stage.run(2000);
    stage.expect(stage.elections === 1, 'one of them leads, and goes on');
    return `node ${first.id} never heard of the vote that was lost; node ${leader.id} leads`;
  },
};
