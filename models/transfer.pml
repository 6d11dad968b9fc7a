/*
 * The fence of a leadership transfer (safety rule 3): after TimeoutNow has left, when may the leader
 * hold a lease in that term again?
 *
 * TimeoutNow names the leader's heartbeat round and the target's life. Giving the transfer up raises
 * cancelRound to that round; every later heartbeat of the term carries it. A target drops a
 * TimeoutNow whose round is not above the cancelRound it has seen, or that is meant for another
 * life. Each target is fenced by itself: until it has answered a round sent after the cancel.
 *
 * Three voters. Time is abstract here, so that rounds, lives and several transfers fit in: lease.pml
 * shows that a voter is loyal for as long as any answer of its own can support a lease, and that is
 * what this model builds on. An answer may cease to support at any time. Messages are delayed, lost
 * and (TimeoutNow) repeated at will; one heartbeat exchange per pair is under way at a time.
 *
 *: search breadth
 *: run ci -DTERMS=2 -DRESTARTS=1 -DTRANSFERS=1
 *: run full -DTERMS=2 -DRESTARTS=1 -DTRANSFERS=2
 *: run full -DTERMS=3 -DRESTARTS=0 -DTRANSFERS=2
 *: run full -DTERMS=3 -DRESTARTS=1 -DTRANSFERS=1
 *
 *: mutant no-fence atMostOneLease -DNO_FENCE
 *  The lease goes on after TimeoutNow.
 *: mutant fence-ends-at-cancel atMostOneLease -DFENCE_ENDS_AT_CANCEL
 *  The lease goes on as soon as the transfer is given up.
 *: mutant fence-ends-with-any-answer atMostOneLease -DFENCE_ENDS_WITH_ANY_ANSWER
 *  It goes on when the target has answered any round sent after TimeoutNow.
 *: mutant one-fence-for-all atMostOneLease -DONE_FENCE
 *  A second transfer takes the place of the first, though the first target has not answered.
 *: mutant life-ignored atMostOneLease -DLIFE_IGNORED
 *  A target that has restarted takes a TimeoutNow meant for its former life.
 *: mutant cancel-not-remembered atMostOneLease -DCANCEL_NOT_REMEMBERED
 *  The target does not compare the round of a TimeoutNow with what was cancelled.
 *
 *: probe lease-after-cancel -DPROBE_LEASE_AFTER_CANCEL
 *  A lease is earned again in the term in which two transfers were given up.
 *: probe handed-over -DPROBE_HANDED_OVER
 *  A target takes the lead and holds a lease.
 *: probe target-restarts -DPROBE_TARGET_RESTARTS
 *  A lease is earned again by the answer of a target that has restarted meanwhile.
 */
#ifndef TERMS
#define TERMS 2
#endif
#ifndef RESTARTS
#define RESTARTS 1
#endif
#ifndef TRANSFERS
#define TRANSFERS 2
#endif

#define N 3
#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

/* What is durable. */
byte term[N];
byte voted[N]; /* 0 nobody, else node + 1 */

byte role[N];
byte votes[N]; /* mask, of a candidate */
bit handover[N]; /* the candidate was told to campaign by TimeoutNow */
byte cancelSeen[N]; /* the highest cancelRound seen in this term and this life */
byte round[N]; /* of a leader: its newest heartbeat round */
byte cancelRound[N]; /* of a leader */
byte supporters[N]; /* mask, of a leader: whose answers support its lease now */

/* The heartbeat exchange from leader i to follower j. */
#define X(i, j) ((i) * N + (j))
#define NONE 0
#define ASKED 1
#define ANSWERED 2 /* and the answer can still support a lease */
#define EXPIRED 3
byte exchange[N * N];
byte ofRound[N * N];
byte carries[N * N]; /* cancelRound */

/* At most two transfers. TimeoutNow may arrive at any time once it was sent, and any often. */
byte begun = 0;
byte fromNode[2];
byte toNode[2];
byte inTerm[2];
byte inRound[2];
bit inert[2]; /* the target has restarted, or left the term: it would drop TimeoutNow */
bit givenUp[2];
bit fenced[2];
byte fenceRound[2]; /* a round above it ends the fence once the transfer is given up */

byte restarts = 0;
/* The newest term in which an entry was committed. */
byte newest = 0;

#define POP(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1))
#define MINE(i, k) (fromNode[k] == i && inTerm[k] == term[i])

#ifdef NO_FENCE
#define FENCED(i) false
#else
#define FENCED(i) ((MINE(i, 0) && fenced[0]) || (MINE(i, 1) && fenced[1]))
#endif
#define HOLDS(i) (role[i] == LEADER && supporters[i] != 0 && !FENCED(i))

/* Whether an answer of j can support a lease now or later: then j is loyal (lease.pml). */
#define LOYAL(j) \
  (((supporters[0] | supporters[1] | supporters[2]) >> j) & 1 || \
   exchange[X(0, j)] == ANSWERED || exchange[X(1, j)] == ANSWERED || exchange[X(2, j)] == ANSWERED)
#define DEAF(i, j) (!handover[i] && (LOYAL(j) || role[j] == LEADER))

bit atMostOneLease = 1, leaseIsNewest = 1, electionSafety = 1, probe = 1;

/* Forgets what of a transfer can make no difference any more: fewer states to tell apart. */
inline settle(k) {
  if
  :: inTerm[k] > 0 ->
    inert[k] = inert[k] || term[toNode[k]] > inTerm[k];
    if
    :: role[fromNode[k]] != LEADER || term[fromNode[k]] != inTerm[k] ->
      fenced[k] = 0; givenUp[k] = 1; fenceRound[k] = 0;
      if
      :: inert[k] ->
        fromNode[k] = 0; toNode[k] = 0; inTerm[k] = 0; inRound[k] = 0; inert[k] = 0; givenUp[k] = 0
      :: else
      fi
    :: else
    fi
  :: else
  fi
}

inline check() {
  settle(0);
  settle(1);
  atMostOneLease = !(HOLDS(0) && HOLDS(1)) && !(HOLDS(0) && HOLDS(2)) && !(HOLDS(1) && HOLDS(2));
  assert(atMostOneLease);
  leaseIsNewest = (!HOLDS(0) || newest <= term[0]) && (!HOLDS(1) || newest <= term[1]) &&
    (!HOLDS(2) || newest <= term[2]);
  assert(leaseIsNewest);
  electionSafety =
    !(role[0] == LEADER && role[1] == LEADER && term[0] == term[1]) &&
    !(role[0] == LEADER && role[2] == LEADER && term[0] == term[2]) &&
    !(role[1] == LEADER && role[2] == LEADER && term[1] == term[2]);
  assert(electionSafety);
#ifdef PROBE_LEASE_AFTER_CANCEL
  probe = !(HOLDS(0) && MINE(0, 0) && givenUp[0] && MINE(0, 1) && givenUp[1]);
  assert(probe);
#endif
#ifdef PROBE_HANDED_OVER
  probe = !(begun > 0 && HOLDS(1) && toNode[0] == 1 && inTerm[0] + 1 == term[1]);
  assert(probe);
#endif
#ifdef PROBE_TARGET_RESTARTS
  probe = !(HOLDS(0) && MINE(0, 0) && givenUp[0] && inert[0] && term[toNode[0]] == inTerm[0]);
  assert(probe);
#endif
}

inline endExchange(x) {
  exchange[x] = NONE;
  ofRound[x] = 0;
  carries[x] = 0;
}

/* What node z has asked node i is not heard any more once i is in a later term. */
inline dropAsked(z, i, newTerm) {
  if
  :: exchange[X(z, i)] == ASKED && term[z] < newTerm -> endExchange(X(z, i))
  :: else
  fi
}

inline follow(i, newTerm) {
  endExchange(X(i, 0));
  endExchange(X(i, 1));
  endExchange(X(i, 2));
  if
  :: term[i] < newTerm ->
    dropAsked(0, i, newTerm);
    dropAsked(1, i, newTerm);
    dropAsked(2, i, newTerm);
    term[i] = newTerm;
    voted[i] = 0;
    cancelSeen[i] = 0
  :: else
  fi;
  role[i] = FOLLOWER;
  votes[i] = 0;
  handover[i] = 0;
  round[i] = 0;
  cancelRound[i] = 0;
  supporters[i] = 0
}

inline campaign(i, newTerm, asked) {
  follow(i, newTerm);
  voted[i] = i + 1;
  role[i] = CANDIDATE;
  votes[i] = 1 << i;
  handover[i] = asked
}

/* By symmetry the first campaign is node 0's. */
#define CAMPAIGNS(i) \
  :: d_step { \
    role[i] != LEADER && !LOYAL(i) && term[i] < TERMS && \
    (i == 0 || term[0] + term[1] + term[2] > 0) -> \
    campaign(i, term[i] + 1, 0); \
    printf("%d campaigns in term %d\n", i, term[i]); \
    check() \
  }

#define VOTES(j, i) \
  :: d_step { \
    role[i] == CANDIDATE && !DEAF(i, j) && !(votes[i] & (1 << j)) && \
    (term[j] < term[i] || (term[j] == term[i] && voted[j] == 0 && role[j] == FOLLOWER)) -> \
    follow(j, term[i]); \
    voted[j] = i + 1; \
    votes[i] = votes[i] | (1 << j); \
    printf("%d votes for %d in term %d\n", j, i, term[i]); \
    check() \
  }

#define WINS(i) \
  :: d_step { \
    role[i] == CANDIDATE && POP(votes[i]) * 2 > N -> \
    role[i] = LEADER; \
    round[i] = 1; \
    votes[i] = 0; \
    handover[i] = 0; \
    printf("%d leads term %d\n", i, term[i]); \
    check() \
  }

#define STEPS_DOWN(i) \
  :: d_step { \
    role[i] != FOLLOWER -> \
    follow(i, term[i]); \
    printf("%d follows nobody in term %d\n", i, term[i]); \
    check() \
  }

#define LEARNS_TERM(i, j) \
  :: d_step { \
    term[j] > term[i] -> \
    follow(i, term[j]); \
    printf("%d learns of term %d\n", i, term[i]); \
    check() \
  }

/*
 * Whether a round begun now differs, in what any comparison says of it, from the newest one: rounds
 * are compared with that of a TimeoutNow and with the newest at its cancel, and with nothing else.
 */
#define MARKED(i, k) (MINE(i, k) && round[i] == (givenUp[k] -> fenceRound[k] : inRound[k]))

/* A round that is lost on the way to the third node. */
#define ASKS(i, j) \
  :: d_step { \
    role[i] == LEADER && term[j] <= term[i] -> \
    round[i] = (MARKED(i, 0) || MARKED(i, 1) -> round[i] + 1 : round[i]); \
    exchange[X(i, j)] = ASKED; \
    ofRound[X(i, j)] = round[i]; \
    carries[X(i, j)] = cancelRound[i]; \
    printf("%d sends round %d to %d, cancelled %d\n", i, round[i], j, cancelRound[i]); \
    check() \
  }

#define HEARS(j, i) \
  :: d_step { \
    exchange[X(i, j)] == ASKED && term[j] <= term[i] -> \
    follow(j, term[i]); \
    cancelSeen[j] = (carries[X(i, j)] > cancelSeen[j] -> carries[X(i, j)] : cancelSeen[j]); \
    exchange[X(i, j)] = ANSWERED; \
    printf("%d hears round %d of %d in term %d\n", j, ofRound[X(i, j)], i, term[i]); \
    check() \
  }

inline endFence(i, j, k) {
#ifdef FENCE_ENDS_WITH_ANY_ANSWER
  fenced[k] = fenced[k] && !(MINE(i, k) && toNode[k] == j && ofRound[X(i, j)] > inRound[k]);
#else
  fenced[k] = fenced[k] &&
    !(MINE(i, k) && toNode[k] == j && givenUp[k] && ofRound[X(i, j)] > fenceRound[k]);
#endif
}

#define HEARD(i, j) \
  :: d_step { \
    exchange[X(i, j)] >= ANSWERED -> \
    supporters[i] = (exchange[X(i, j)] == ANSWERED -> supporters[i] | (1 << j) : supporters[i]); \
    newest = (term[i] > newest -> term[i] : newest); \
    endFence(i, j, 0); \
    endFence(i, j, 1); \
    printf("%d has the answer of %d to round %d\n", i, j, ofRound[X(i, j)]); \
    endExchange(X(i, j)); \
    check() \
  }

/* Time passes: an answer supports a lease no longer, whether it has arrived or not. */
#define EXPIRES(i, j) \
  :: d_step { \
    exchange[X(i, j)] == ANSWERED -> \
    exchange[X(i, j)] = EXPIRED; \
    printf("the answer of %d to %d has expired on its way\n", j, i); \
    check() \
  } \
  :: d_step { \
    (supporters[i] >> j) & 1 -> \
    supporters[i] = supporters[i] & ~(1 << j); \
    printf("the answer of %d to %d has expired\n", j, i); \
    check() \
  }

inline outlive(i, k) {
#ifdef LIFE_IGNORED
  skip
#else
  inert[k] = inert[k] || (inTerm[k] > 0 && toNode[k] == i)
#endif
}

#define RESTARTED(i) \
  :: d_step { \
    restarts < RESTARTS -> \
    restarts++; \
    follow(i, term[i]); \
    cancelSeen[i] = 0; \
    outlive(i, 0); \
    outlive(i, 1); \
    printf("%d restarts\n", i); \
    check() \
  }

#define UNDER_WAY(i) ((MINE(i, 0) && !givenUp[0]) || (MINE(i, 1) && !givenUp[1]))

/* Meant for the life the target is in; had the leader learnt of an older one, it would be dropped. */
inline beginTransfer(i, j) {
#ifdef ONE_FENCE
  fenced[0] = 0;
#endif
  fromNode[begun] = i;
  toNode[begun] = j;
  inTerm[begun] = term[i];
  inRound[begun] = round[i];
  fenced[begun] = 1;
  begun++
}

/* By symmetry the first transfer of node 0 is to node 1. */
#define TRANSFERS_TO(i, j) \
  :: d_step { \
    role[i] == LEADER && begun < TRANSFERS && !UNDER_WAY(i) && \
    term[j] <= term[i] && term[i] < TERMS && (begun > 0 || i > 0 || j == 1) -> \
    beginTransfer(i, j); \
    printf("%d sends %d TimeoutNow of round %d\n", i, j, round[i]); \
    check() \
  }

inline giveUp(i, k) {
  givenUp[k] = 1;
  cancelRound[i] = inRound[k];
#ifdef FENCE_ENDS_AT_CANCEL
  fenced[k] = 0;
#endif
  fenceRound[k] = round[i]
}

#define GIVES_UP(i, k) \
  :: d_step { \
    role[i] == LEADER && MINE(i, k) && !givenUp[k] -> \
    giveUp(i, k); \
    printf("%d gives up the transfer of round %d\n", i, inRound[k]); \
    check() \
  }

#ifdef CANCEL_NOT_REMEMBERED
#define CANCEL_SEEN(i, k) false
#else
#define CANCEL_SEEN(i, k) (inTerm[k] == term[i] && inRound[k] <= cancelSeen[i])
#endif

#define TOLD_TO_CAMPAIGN(i, k) \
  :: d_step { \
    inTerm[k] > 0 && toNode[k] == i && role[i] == FOLLOWER && inTerm[k] >= term[i] && \
    !inert[k] && !CANCEL_SEEN(i, k) -> \
    campaign(i, inTerm[k] + 1, 1); \
    printf("%d was told to campaign, in term %d\n", i, term[i]); \
    check() \
  }

#define NODE(i) \
  CAMPAIGNS(i) WINS(i) STEPS_DOWN(i) RESTARTED(i) \
  GIVES_UP(i, 0) GIVES_UP(i, 1) TOLD_TO_CAMPAIGN(i, 0) TOLD_TO_CAMPAIGN(i, 1)
#define PAIR(i, j) \
  VOTES(i, j) LEARNS_TERM(i, j) ASKS(i, j) HEARS(i, j) HEARD(i, j) EXPIRES(i, j) TRANSFERS_TO(i, j)

active proctype world() {
  do
  NODE(0) NODE(1) NODE(2)
  PAIR(0, 1) PAIR(0, 2) PAIR(1, 0) PAIR(1, 2) PAIR(2, 0) PAIR(2, 1)
  od
}
