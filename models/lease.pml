/*
 * The leader lease: check-quorum, loyalty and pre-vote over clocks whose rates differ, with pauses,
 * restarts and a leadership transfer (safety rules 1, 2, 3).
 *
 * Three voters. One step of true time is SLOW to FAST units of a node's own clock, chosen anew for
 * each node in each step, so (1 - d) / (1 + d) is SLOW / FAST. Timers count down in their owner's
 * units, and true time has no end. Messages are delayed, lost and (TimeoutNow) repeated at will;
 * one heartbeat exchange at a time is under way from a leader to a follower.
 *
 * What is left out only allows more: a node may campaign as soon as its own loyalty has run out,
 * whatever a pre-vote would have said; a leader may step down at any time or never; a node may
 * learn of any term that exists at any time; a TimeoutNow is taken from whoever sent it.
 *
 * A pause of a process is a node that takes no step while time passes. So is a suspend of a machine
 * whose clock goes on, or is set forward when it wakes.
 *
 *: search breadth
 *: run ci -DTERMS=2 -DRESTARTS=1
 *: run ci -DTERMS=2 -DRESTARTS=1 -DLEMMA
 *: run full -DTERMS=3 -DRESTARTS=2 -DLEMMA
 *: run full -DTERMS=2 -DRESTARTS=2 -DELECTION=6
 *: run full -DTERMS=2 -DRESTARTS=1 -DTRANSFER
 *
 *: mutant no-wait-after-start atMostOneLease -DNO_WAIT_AFTER_START
 *  A restarted voter, which has forgotten that it heard the leader, votes at once.
 *: mutant lease-from-receipt atMostOneLease -DLEASE_FROM_RECEIPT
 *  The lease is counted from the arrival of the answer, not from the sending of the round.
 *: mutant drift-ignored atMostOneLease -DDRIFT_IGNORED
 *  The lease lasts a whole election timeout of the leader's clock.
 *: mutant lease-kept-after-timeout-now atMostOneLease -DNO_FENCE -DTRANSFER
 *  TimeoutNow does not end the lease (bug 35).
 *: mutant lease-checked-before-pause readIsNewest -DCHECK_FIRST
 *  The lease is checked, the process pauses, a read is taken and served (bug 36).
 *: mutant forget-leader atMostOneLease -DFORGET_LEADER
 *  To forget the leader is to be loyal to it no longer.
 *: mutant loyal-to-higher-terms-only atMostOneLease -DLOYAL_TO_HIGHER_TERMS_ONLY
 *  A loyal voter does not hear a vote asked for in a higher term, but grants one in a term that it
 *  has learnt of in another way.
 *: mutant suspend-unnoticed atMostOneLease -DSUSPEND_UNNOTICED
 *  The clock stands still while the machine is suspended.
 *: mutant suspend-keeps-rounds atMostOneLease -DSUSPEND_UNNOTICED -DSUSPEND_ENDS_LEASE
 *  A suspend ends the lease, but rounds sent before it may earn it again.
 *
 *: probe lease-moves -DPROBE_LEASE_MOVES
 *  A lease is held, and later another node holds one.
 *: probe lease-after-cancel -DPROBE_LEASE_AFTER_CANCEL -DTRANSFER
 *  A lease is earned again in the term in which a transfer was given up.
 */
#ifndef TERMS
#define TERMS 2
#endif
#ifndef RESTARTS
#define RESTARTS 1
#endif

#define N 3
#define SLOW 1
#define FAST 2
/* The minimum election timeout, in units of any clock. */
#ifndef ELECTION
#define ELECTION 4
#endif
#ifdef DRIFT_IGNORED
#define LEASE ELECTION
#else
#define LEASE (ELECTION * SLOW / FAST)
#endif

#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

/* What is durable. */
byte term[N];
byte voted[N]; /* 0 nobody, else node + 1 */

byte role[N];
byte votes[N]; /* mask, of a candidate */
byte loyal[N]; /* units of the own clock for which votes are refused */
byte lease[N]; /* units of the own clock for which a quorum supports the leader */

/* The heartbeat exchange from leader i to follower j, at i * N + j. */
#define X(i, j) ((i) * N + (j))
#define NONE 0
#define ASKED 1
#define ANSWERED 2
byte exchange[N * N];
byte left[N * N]; /* what of a lease counted from its sending is left, by the leader's clock */

/* The newest term in which an entry was committed. */
byte newest = 0;
#if RESTARTS > 0
byte restarts = 0;
#endif

#ifdef SUSPEND_UNNOTICED
bit wasSuspended = 0; /* at most once in a run */
bit suspended[N];
#define RUNS(i) (!suspended[i])
#else
#define RUNS(i) true
#endif

#ifdef CHECK_FIRST
byte checked = 0; /* node + 1 that has checked its lease and is paused */
#define AWAKE(i) (RUNS(i) && checked != (i) + 1)
#else
#define AWAKE(i) RUNS(i)
#endif

#ifdef TRANSFER
/* The one transfer. Its TimeoutNow may arrive at any time from then on, and any often. */
bit begun = 0;
bit givenUp = 0;
bit fenced = 0; /* the leader has no lease because of it */
bit inert = 0; /* the target has restarted, or left the term: it would drop TimeoutNow */
byte fromNode = 0;
byte toNode = 0;
byte inTerm = 0;
bit handover[N]; /* the candidate was told to campaign by TimeoutNow */
bit cancelSeen[N]; /* in this term and this life */
bit carries[N * N]; /* the heartbeat says that the transfer is cancelled */
#define MINE(i) (begun && fromNode == (i) && inTerm == term[i])
#define FENCED(i) (MINE(i) && fenced)
#define ASKED_BY_LEADER(i) handover[i]
#else
#define FENCED(i) false
#define ASKED_BY_LEADER(i) false
#endif

#ifdef PROBE_LEASE_MOVES
bit held = 0;
#endif

#define POP(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1))
#define PASS(timer, by) timer = (timer > (by) -> timer - (by) : 0)

#ifdef NO_FENCE
#define HOLDS(i) (role[i] == LEADER && lease[i] > 0 && RUNS(i))
#else
#define HOLDS(i) (role[i] == LEADER && lease[i] > 0 && RUNS(i) && !FENCED(i))
#endif

/* Whether voter j is deaf to candidate i. */
#ifdef LOYAL_TO_HIGHER_TERMS_ONLY
#define DEAF(i, j) (!ASKED_BY_LEADER(i) && term[j] < term[i] && (loyal[j] > 0 || role[j] == LEADER))
#else
#define DEAF(i, j) (!ASKED_BY_LEADER(i) && (loyal[j] > 0 || role[j] == LEADER))
#endif

bit atMostOneLease = 1, leaseIsNewest = 1, electionSafety = 1, voterLoyal = 1, readIsNewest = 1;
bit probe = 1;

#ifdef LEMMA
/* While an answer can support a lease, its voter refuses votes: transfer.pml builds on it. */
#define LOYAL_WHILE_SUPPORTING(i, j) \
  (exchange[X(i, j)] != ANSWERED || left[X(i, j)] == 0 || loyal[j] > 0)
#endif

inline check() {
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
#ifdef LEMMA
  voterLoyal = LOYAL_WHILE_SUPPORTING(0, 1) && LOYAL_WHILE_SUPPORTING(0, 2) &&
    LOYAL_WHILE_SUPPORTING(1, 0) && LOYAL_WHILE_SUPPORTING(1, 2) &&
    LOYAL_WHILE_SUPPORTING(2, 0) && LOYAL_WHILE_SUPPORTING(2, 1);
  assert(voterLoyal);
#endif
#ifdef PROBE_LEASE_AFTER_CANCEL
  probe = !(HOLDS(0) && MINE(0) && givenUp);
  assert(probe);
#endif
#ifdef PROBE_LEASE_MOVES
  probe = !(held && HOLDS(1));
  assert(probe);
  held = held || HOLDS(0);
#endif
}

inline endExchange(x) {
  exchange[x] = NONE;
  left[x] = 0;
#ifdef TRANSFER
  carries[x] = 0;
#endif
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
#ifdef TRANSFER
    cancelSeen[i] = 0;
    inert = inert || (begun && toNode == i && inTerm < newTerm)
#endif
  :: else
  fi;
#ifdef TRANSFER
  handover[i] = 0;
#endif
  role[i] = FOLLOWER;
  votes[i] = 0;
  lease[i] = 0
}

inline campaign(i, newTerm) {
  follow(i, newTerm);
  voted[i] = i + 1;
  role[i] = CANDIDATE;
  votes[i] = 1 << i;
  loyal[i] = 0
}

inline passTime(i, units) {
  if
  :: RUNS(i) ->
    PASS(loyal[i], units);
    PASS(lease[i], units);
    PASS(left[X(i, 0)], units);
    PASS(left[X(i, 1)], units);
    PASS(left[X(i, 2)], units)
  :: else
  fi
}

/* One unit of true time: every clock that runs advances, at a rate of its own. */
#define TIME(a, b, c) \
  :: d_step { \
    true -> passTime(0, a); passTime(1, b); passTime(2, c); \
    printf("time passes %d %d %d: lease %d %d %d, loyal %d %d %d\n", a, b, c, \
      lease[0], lease[1], lease[2], loyal[0], loyal[1], loyal[2]); \
    check() \
  }

/* By symmetry the first campaign is node 0's. */
#define CAMPAIGNS(i) \
  :: d_step { \
    AWAKE(i) && role[i] != LEADER && loyal[i] == 0 && term[i] < TERMS && \
    (i == 0 || term[0] + term[1] + term[2] > 0) -> \
    campaign(i, term[i] + 1); \
    printf("%d campaigns in term %d\n", i, term[i]); \
    check() \
  }

#define VOTES(j, i) \
  :: d_step { \
    AWAKE(j) && role[i] == CANDIDATE && !DEAF(i, j) && !(votes[i] & (1 << j)) && \
    (term[j] < term[i] || (term[j] == term[i] && voted[j] == 0 && role[j] == FOLLOWER)) -> \
    follow(j, term[i]); \
    voted[j] = i + 1; \
    votes[i] = votes[i] | (1 << j); \
    printf("%d votes for %d in term %d\n", j, i, term[i]); \
    check() \
  }

#define WINS(i) \
  :: d_step { \
    AWAKE(i) && role[i] == CANDIDATE && POP(votes[i]) * 2 > N -> \
    role[i] = LEADER; \
    votes[i] = 0; \
    printf("%d leads term %d\n", i, term[i]); \
    check() \
  }

#define STEPS_DOWN(i) \
  :: d_step { \
    AWAKE(i) && role[i] != FOLLOWER -> \
    follow(i, term[i]); \
    printf("%d follows nobody in term %d\n", i, term[i]); \
    check() \
  }

#define LEARNS_TERM(i, j) \
  :: d_step { \
    AWAKE(i) && term[j] > term[i] -> \
    follow(i, term[j]); \
    printf("%d learns of term %d\n", i, term[i]); \
    check() \
  }

inline markCancelled(i, j) {
#ifdef TRANSFER
  carries[X(i, j)] = MINE(i) && givenUp
#else
  skip
#endif
}

#define ASKS(i, j) \
  :: d_step { \
    AWAKE(i) && role[i] == LEADER && term[j] <= term[i] -> \
    exchange[X(i, j)] = ASKED; \
    left[X(i, j)] = LEASE; \
    markCancelled(i, j); \
    printf("%d sends %d a heartbeat\n", i, j); \
    check() \
  }

inline seeCancelled(i, j) {
#ifdef TRANSFER
  cancelSeen[j] = cancelSeen[j] || carries[X(i, j)]
#else
  skip
#endif
}

#define HEARS(j, i) \
  :: d_step { \
    AWAKE(j) && exchange[X(i, j)] == ASKED -> \
    follow(j, term[i]); \
    loyal[j] = ELECTION; \
    seeCancelled(i, j); \
    exchange[X(i, j)] = ANSWERED; \
    printf("%d hears %d in term %d\n", j, i, term[i]); \
    check() \
  }

/* The answer also acknowledges entries. With three voters one answer makes a quorum. */
inline takeAnswer(i, j) {
#ifdef LEASE_FROM_RECEIPT
  lease[i] = LEASE;
#else
  lease[i] = (left[X(i, j)] > lease[i] -> left[X(i, j)] : lease[i]);
#endif
  newest = (term[i] > newest -> term[i] : newest);
#ifdef TRANSFER
  fenced = fenced && !(MINE(i) && toNode == j && carries[X(i, j)]);
#endif
  endExchange(X(i, j))
}

#define HEARD(i, j) \
  :: d_step { \
    AWAKE(i) && exchange[X(i, j)] == ANSWERED -> \
    takeAnswer(i, j); \
    printf("%d has the answer of %d: lease %d, newest commit %d\n", i, j, lease[i], newest); \
    check() \
  }

inline restart(i) {
  restarts++;
  follow(i, term[i]);
#ifdef TRANSFER
  cancelSeen[i] = 0;
  inert = inert || (begun && toNode == i);
#endif
#ifdef NO_WAIT_AFTER_START
  loyal[i] = 0;
#else
  loyal[i] = ELECTION;
#endif
}

#if RESTARTS > 0
#define RESTARTED(i) \
  :: d_step { \
    RUNS(i) && restarts < RESTARTS -> restart(i); printf("%d restarts\n", i); check() \
  }
#else
#define RESTARTED(i)
#endif

#ifdef TRANSFER
#define TRANSFERS_TO(i, j) \
  :: d_step { \
    AWAKE(i) && role[i] == LEADER && !begun && term[j] <= term[i] && term[i] < TERMS -> \
    begun = 1; fenced = 1; \
    fromNode = i; toNode = j; inTerm = term[i]; \
    printf("%d sends %d TimeoutNow\n", i, j); \
    check() \
  }
#define GIVES_UP(i) \
  :: d_step { \
    AWAKE(i) && role[i] == LEADER && MINE(i) && !givenUp -> \
    givenUp = 1; \
    printf("%d gives the transfer up\n", i); \
    check() \
  }
#define TOLD_TO_CAMPAIGN(i) \
  :: d_step { \
    AWAKE(i) && role[i] == FOLLOWER && begun && toNode == i && !inert && \
    !(inTerm == term[i] && cancelSeen[i]) -> \
    campaign(i, inTerm + 1); \
    handover[i] = 1; \
    printf("%d was told to campaign, in term %d\n", i, term[i]); \
    check() \
  }
#else
#define TRANSFERS_TO(i, j)
#define GIVES_UP(i)
#define TOLD_TO_CAMPAIGN(i)
#endif

#ifdef SUSPEND_UNNOTICED
inline wake(i) {
  suspended[i] = 0;
#ifdef SUSPEND_ENDS_LEASE
  lease[i] = 0
#endif
}
#define SUSPENDED(i) \
  :: d_step { \
    AWAKE(i) && !wasSuspended -> \
    wasSuspended = 1; \
    suspended[i] = 1; \
    printf("the machine of %d is suspended\n", i); \
    check() \
  } \
  :: d_step { suspended[i] -> wake(i); printf("the machine of %d wakes\n", i); check() }
#else
#define SUSPENDED(i)
#endif

#ifdef FORGET_LEADER
#define FORGETS(i) \
  :: d_step { AWAKE(i) && loyal[i] > 0 -> loyal[i] = 0; printf("%d forgets its leader\n", i) }
#else
#define FORGETS(i)
#endif

#ifdef CHECK_FIRST
#define READS(i) \
  :: d_step { \
    AWAKE(i) && checked == 0 && HOLDS(i) -> \
    checked = i + 1; \
    printf("%d has checked its lease\n", i) \
  } \
  :: d_step { \
    checked == i + 1 -> \
    checked = 0; \
    printf("%d serves a read of term %d, newest commit %d\n", i, term[i], newest); \
    readIsNewest = newest <= term[i]; \
    assert(readIsNewest) \
  }
#else
#define READS(i)
#endif

#define NODE(i) \
  CAMPAIGNS(i) WINS(i) STEPS_DOWN(i) RESTARTED(i) SUSPENDED(i) FORGETS(i) READS(i) \
  GIVES_UP(i) TOLD_TO_CAMPAIGN(i)
#define PAIR(i, j) \
  VOTES(i, j) LEARNS_TERM(i, j) ASKS(i, j) HEARS(i, j) HEARD(i, j) TRANSFERS_TO(i, j)

active proctype world() {
  do
  NODE(0) NODE(1) NODE(2)
  PAIR(0, 1) PAIR(0, 2) PAIR(1, 0) PAIR(1, 2) PAIR(2, 0) PAIR(2, 1)
  TIME(SLOW, SLOW, SLOW) TIME(SLOW, SLOW, FAST) TIME(SLOW, FAST, SLOW) TIME(SLOW, FAST, FAST)
  TIME(FAST, SLOW, SLOW) TIME(FAST, SLOW, FAST) TIME(FAST, FAST, SLOW) TIME(FAST, FAST, FAST)
  od
}
