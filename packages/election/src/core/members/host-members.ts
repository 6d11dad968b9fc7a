import type { Host } from '@quorate/host';
import type { GroupId } from '@quorate/schema';
import type { MemberKeeperOptions } from './member-keeper.ts';
import type { RejoinerOptions } from './rejoiner.ts';

/** What a keeper and a rejoiner ask of other nodes. */
export type MemberQuestions = Pick<MemberKeeperOptions, 'askAbout'> &
  Pick<RejoinerOptions, 'look' | 'join'>;

/** @param timeoutMs of one attempt to be taken in */
export function hostMembers(
  host: Pick<Host, 'askAbout' | 'survey' | 'join'>,
  group: GroupId,
  timeoutMs: number,
): MemberQuestions {
  return {
    askAbout: (voter, about, done) => host.askAbout(group, voter, about, done),
    look: (done) =>
      host.survey(group, ({ confirmed }) => {
        const found = confirmed.get(group);
        if (found === undefined) done(null);
        else done({ index: found.index, members: found.members.map(({ id }) => id) });
      }),
    join: (done) => host.join(group, {}, timeoutMs, (error) => done(error)),
  };
}
