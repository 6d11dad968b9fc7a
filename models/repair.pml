/*
 * Witnesses and repair (safety rules 7 and 14): who has forgotten what it promised, or never had
 * the data, must not let a leader through that lacks what was committed.
 *
 * Three voters, majorities; with WITNESS node 2 is one: it keeps the (index, term) of its log, votes
 * by them, never campaigns. Everything is durable at once, but once in a run a node finds after a
 * restart that the end of its log is damaged, and cuts it off. Until its log reaches again what it
 * may have acknowledged, it gives no votes, and its acknowledgements, earlier ones included, count
 * for nothing once the leader has heard of it.
 *
 * An append and its acknowledgement are one step; a leader goes on until it learns of a later term.
 *
 *: run ci -DTERMS=3
 *: run ci -DTERMS=3 -DWITNESS
 *: run full -DTERMS=4
 *: run full -DTERMS=4 -DWITNESS
 *
 *: mutant votes-in-repair leaderCompleteness -DVOTES_IN_REPAIR -DTERMS=3
 *  A node that repairs its log votes for a log as short as its own.
 *: mutant campaigns-in-repair leaderCompleteness -DCAMPAIGNS_IN_REPAIR -DTERMS=3
 *  It campaigns.
 *: mutant repair-ends-early leaderCompleteness -DENDS_EARLY -DTERMS=4
 *  The repair ends with the first entry that was sent again.
 *: mutant witness-forgets leaderCompleteness -DWITNESS_FORGETS -DWITNESS -DTERMS=2
 *  A witness keeps term and vote, and has its log's (index, term) in memory only.
 *: mutant witness-ignores-log leaderCompleteness -DWITNESS_IGNORES_LOG -DWITNESS -DTERMS=2
 *  A witness votes for any log, for it has none to compare with.
 *
 *: probe repaired -DPROBE_REPAIRED -DTERMS=3
 *  A node has repaired its log and its vote makes a leader.
 *: probe witness-decides -DPROBE_WITNESS -DWITNESS -DTERMS=2
 *  The witness's vote makes a leader that commits with the witness's acknowledgement.
 */
#ifndef TERMS
#define TERMS 3
#endif
#define LENGTH TERMS
#define N 3

#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

#ifdef WITNESS
#define HAS_DATA(i) (i != 2)
#else
#define HAS_DATA(i) true
#endif

byte term[N];
byte voted[N]; /* 0 nobody, else node + 1 */
byte role[N];
byte votes[N]; /* mask, of a candidate */
byte length[N];
byte termAt[N * LENGTH]; /* index 1 is at i * LENGTH */
byte match[N * N]; /* of a leader: what was acknowledged in this term */
byte committed[N]; /* of a leader */
byte repairUntil[N]; /* 0: nothing to repair */
bit damaged = 0;

/* What was ever committed, and in which leader's term. */
byte chosen = 0;
byte chosenTerm[LENGTH];
byte chosenIn[LENGTH];

byte what = 0, p = 0, q = 0, to = 0, y, z, set;
bit electionSafety = 1, stateMachineSafety = 1, leaderCompleteness = 1, probe = 1;
#ifdef PROBE_REPAIRED
bit repaired = 0;
#endif

#define AT(i, k) ((i) * LENGTH + (k) - 1)
#define M(i, j) ((i) * N + (j))
#define POP(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1))
#define LAST_TERM(i) (length[i] > 0 -> termAt[AT(i, length[i])] : 0)
#define LONGER(i, j) \
  (LAST_TERM(i) > LAST_TERM(j) || (LAST_TERM(i) == LAST_TERM(j) && length[i] >= length[j]))
#ifdef WITNESS_IGNORES_LOG
#define UP_TO_DATE(i, j) (!HAS_DATA(j) || LONGER(i, j))
#else
#define UP_TO_DATE(i, j) LONGER(i, j)
#endif

#define REPAIRS(i) (repairUntil[i] > 0)
#ifdef VOTES_IN_REPAIR
#define MAY_VOTE(i) true
#else
#define MAY_VOTE(i) (!REPAIRS(i))
#endif
#ifdef CAMPAIGNS_IN_REPAIR
#define MAY_LEAD(i) HAS_DATA(i)
#else
#define MAY_LEAD(i) (HAS_DATA(i) && !REPAIRS(i))
#endif

#define SAME(i, j) (role[i] == LEADER && role[j] == LEADER && term[i] == term[j])

inline checkLeader(i) {
  z = 0;
  do
  :: role[i] == LEADER && z < chosen ->
    leaderCompleteness = chosenIn[z] >= term[i] ||
      (z < length[i] && chosenTerm[z] == termAt[AT(i, z + 1)]);
    assert(leaderCompleteness);
    z++
  :: else -> break
  od;
  z = 0
}

inline check() {
  electionSafety = !(SAME(0, 1) || SAME(0, 2) || SAME(1, 2));
  assert(electionSafety);
  checkLeader(0);
  checkLeader(1);
  checkLeader(2)
}

inline endLeadership(i) {
  role[i] = FOLLOWER;
  votes[i] = 0;
  committed[i] = 0;
  match[M(i, 0)] = 0;
  match[M(i, 1)] = 0;
  match[M(i, 2)] = 0
}

inline follow(i, newTerm) {
  voted[i] = (term[i] < newTerm -> 0 : voted[i]);
  term[i] = newTerm;
  endLeadership(i)
}

inline advance(i) {
  z = length[i];
  do
  :: z > committed[i] && termAt[AT(i, z)] == term[i] ->
    set = 1 << i;
    y = 0;
    do
    :: y < N -> set = set | ((match[M(i, y)] >= z -> 1 : 0) << y); y++
    :: else -> break
    od;
    if
    :: POP(set) * 2 > N ->
      committed[i] = z;
      y = 0;
      do
      :: y < z && y >= chosen ->
        chosenTerm[y] = termAt[AT(i, y + 1)];
        chosenIn[y] = term[i];
        chosen = y + 1;
        y++
      :: y < z && y < chosen ->
        stateMachineSafety = chosenTerm[y] == termAt[AT(i, y + 1)];
        assert(stateMachineSafety);
        y++
      :: else -> break
      od;
#ifdef PROBE_WITNESS
      probe = match[M(i, 2)] < committed[i] || voted[2] != i + 1;
      assert(probe);
#endif
      break
    :: else -> z--
    fi
  :: else -> break
  od;
  set = 0;
  y = 0;
  z = 0
}

inline accept(j, i) {
  if
  :: term[j] < term[i] || role[j] != FOLLOWER -> follow(j, term[i])
  :: else
  fi;
  z = 1;
  do
  :: z <= to && z <= length[j] && termAt[AT(i, z)] == termAt[AT(j, z)] -> z++
  :: else -> break
  od;
  if
  :: z <= to ->
    y = z;
    do
    :: y <= LENGTH -> termAt[AT(j, y)] = (y <= to -> termAt[AT(i, y)] : 0); y++
    :: else -> break
    od;
    length[j] = to
  :: else
  fi;
  y = 0;
  z = 0;
  if
#ifdef ENDS_EARLY
  :: REPAIRS(j) -> repairUntil[j] = 0
#else
  :: REPAIRS(j) && length[j] >= repairUntil[j] ->
    repairUntil[j] = 0;
#ifdef PROBE_REPAIRED
    repaired = 1
#endif
#endif
  :: else
  fi;
  if
  :: !REPAIRS(j) ->
    match[M(i, j)] = (to > match[M(i, j)] -> to : match[M(i, j)]);
    advance(i)
  :: else -> match[M(i, j)] = 0 /* its answer says that it repairs */
  fi
}

/* After a restart the log turns out to be damaged behind index `to`. */
inline damage(i) {
  damaged = 1;
  endLeadership(i);
  repairUntil[i] = length[i];
  z = to + 1;
  do
  :: z <= LENGTH -> termAt[AT(i, z)] = 0; z++
  :: else -> break
  od;
  z = 0;
  length[i] = to
}

inline forget(i) {
  z = 1;
  do
  :: z <= LENGTH -> termAt[AT(i, z)] = 0; z++
  :: else -> break
  od;
  z = 0;
  length[i] = 0
}

#define CAMPAIGNS 1
#define VOTES 2
#define WINS 3
#define LEARNS_TERM 4
#define ACCEPTS 5
#define IS_DAMAGED 6
#define FORGETS 7

inline act() {
  if
  :: what == CAMPAIGNS ->
    follow(p, term[p] + 1);
    voted[p] = p + 1;
    role[p] = CANDIDATE;
    votes[p] = 1 << p;
    printf("%d campaigns in term %d\n", p, term[p])
  :: what == VOTES ->
    follow(p, term[q]);
    voted[p] = q + 1;
    votes[q] = votes[q] | (1 << p);
    printf("%d votes for %d in term %d\n", p, q, term[p])
  :: what == WINS ->
    role[p] = LEADER;
    votes[p] = 0;
    length[p]++;
    termAt[AT(p, length[p])] = term[p];
#ifdef PROBE_REPAIRED
    probe = !(repaired && term[p] == TERMS);
    assert(probe);
#endif
    printf("%d leads term %d\n", p, term[p])
  :: what == LEARNS_TERM ->
    follow(p, term[q]);
    printf("%d learns of term %d\n", p, term[p])
  :: what == ACCEPTS ->
    accept(p, q);
    printf("%d has the log of %d up to %d, committed %d\n", p, q, to, committed[q])
  :: what == IS_DAMAGED ->
    damage(p);
    printf("the log of %d is damaged behind %d\n", p, to)
  :: what == FORGETS ->
    forget(p);
    printf("witness %d restarts\n", p)
  fi
}

#define DO(step, i, j, n) what = step; p = i; q = j; to = n

/* By symmetry, where there is one, the first campaign is node 0's. */
#define NODE(i) \
  :: MAY_LEAD(i) && role[i] != LEADER && term[i] < TERMS && length[i] < LENGTH && \
     (i == 0 || term[0] + term[1] + term[2] > 0) -> DO(CAMPAIGNS, i, 0, 0) \
  :: role[i] == CANDIDATE && POP(votes[i]) * 2 > N -> DO(WINS, i, 0, 0) \
  :: !damaged && length[i] > 0 -> DO(IS_DAMAGED, i, 0, 0) \
  :: !damaged && length[i] > 1 -> DO(IS_DAMAGED, i, 0, 1)

#define PAIR(i, j) \
  :: role[j] == CANDIDATE && MAY_VOTE(i) && !(votes[j] & (1 << i)) && UP_TO_DATE(j, i) && \
     (term[i] < term[j] || (term[i] == term[j] && voted[i] == 0 && role[i] == FOLLOWER)) -> \
     DO(VOTES, i, j, 0) \
  :: term[j] > term[i] -> DO(LEARNS_TERM, i, j, 0) \
  ACCEPT(i, j, 1) ACCEPT(i, j, 2) ACCEPT_THIRD(i, j) ACCEPT_FOURTH(i, j)
#define ACCEPT(i, j, n) \
  :: role[j] == LEADER && term[i] <= term[j] && n <= length[j] && match[M(j, i)] < n -> \
     DO(ACCEPTS, i, j, n)
#if LENGTH > 2
#define ACCEPT_THIRD(i, j) ACCEPT(i, j, 3)
#else
#define ACCEPT_THIRD(i, j)
#endif
#if LENGTH > 3
#define ACCEPT_FOURTH(i, j) ACCEPT(i, j, 4)
#else
#define ACCEPT_FOURTH(i, j)
#endif

active proctype world() {
  do
  :: atomic {
    if
    NODE(0) NODE(1) NODE(2)
    PAIR(0, 1) PAIR(0, 2) PAIR(1, 0) PAIR(1, 2) PAIR(2, 0) PAIR(2, 1)
#ifdef WITNESS_FORGETS
    :: length[2] > 0 -> DO(FORGETS, 2, 0, 0)
#endif
    fi;
    d_step { act(); check(); what = 0; p = 0; q = 0; to = 0 }
  }
  od
}
