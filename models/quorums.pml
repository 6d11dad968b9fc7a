/*
 * Flexible quorums and changes of membership and of quorum sizes through the log (safety rules 5
 * and 6; dissertation 4.1, 4.3).
 *
 * A configuration is a set of voters with the sizes {commit, election}, or two of them while joint.
 * It is in force from the moment its entry is appended and reverts when that is truncated. A leader
 * changes it only once it has committed an entry of its own term and the change before; either
 * through a joint configuration, or at once where every quorum of before meets those of afterwards.
 *
 * An append and its acknowledgement, a vote and its answer are one step each. Their delays are
 * still there: what was acknowledged stays counted when the follower moves on, a leader goes on
 * until it learns of a later term, and an entry counts as committed as soon as a quorum has
 * acknowledged it, whether or not the leader lives to know. Logs have at most LENGTH entries.
 *
 * SET 1 adds a voter to three, SET 2 removes one of four (two ways), SET 3 changes
 * sizes alone; SET 4 changes nothing: plain majorities of three.
 *
 *: run ci -DSET=1 -DTERMS=2 -DLENGTH=3
 *: run ci -DSET=2 -DTERMS=2 -DLENGTH=3
 *: run ci -DSET=3 -DTERMS=3 -DLENGTH=3
 *: run ci -DSET=4 -DTERMS=4 -DLENGTH=3
 *: run full -DSET=1 -DTERMS=2 -DLENGTH=4
 *: run full -DSET=1 -DTERMS=3 -DLENGTH=3
 *: run full -DSET=2 -DTERMS=3 -DLENGTH=3
 *: run full -DSET=3 -DTERMS=3 -DLENGTH=4
 *
 *: mutant single-step-ungated leaderCompleteness,stateMachineSafety -DUNGATED -DNO_READS -DSET=1 -DTERMS=2
 *  Sizes and members change at once though a quorum of before may miss one of afterwards.
 *: mutant sizes-without-joint leaderCompleteness,stateMachineSafety -DUNGATED -DNO_READS -DSET=3 -DTERMS=2
 *  Sizes alone change at once.
 *: mutant change-before-commit leaderCompleteness,stateMachineSafety -DBEFORE_COMMIT -DNO_READS -DSET=2 -DTERMS=3
 *  A leader changes the membership before it has committed an entry of its term (bug 16).
 *: mutant change-while-pending leaderCompleteness,stateMachineSafety -DWHILE_PENDING -DNO_READS -DSET=1 -DTERMS=2
 *  A leader changes the membership though the last change is not committed.
 *: mutant joint-new-half-only leaderCompleteness,stateMachineSafety -DNEW_HALF_ONLY -DNO_READS -DSET=2 -DTERMS=2
 *  While joint, a quorum of the new half decides alone.
 *: mutant in-force-when-committed leaderCompleteness,stateMachineSafety -DWHEN_COMMITTED -DNO_READS -DSET=1 -DTERMS=2 -DLENGTH=4
 *  A configuration is in force once it is known to be committed (bug 18).
 *: mutant not-reverted leaderCompleteness,stateMachineSafety -DNOT_REVERTED -DNO_READS -DSET=2 -DTERMS=3
 *  A configuration stays in force though its entry was truncated (bug 19).
 *: mutant commit-older-terms leaderCompleteness,stateMachineSafety -DOLDER_TERMS -DNO_READS -DSET=4 -DTERMS=4
 *  Entries of earlier terms are committed by counting replicas (bug 1).
 *: mutant smallest-confirming-set readIsNewest -DSMALLEST_CONFIRMING -DSET=1 -DTERMS=2
 *  Reads and leases are confirmed by n - election + 1 voters: enough for the quorums that elect in
 *  this configuration, and too few for those of the configuration before.
 *
 *: probe both-changed -DPROBE_CHANGED -DSET=1 -DTERMS=2
 *  A leader of term 2 commits a configuration that was left from a joint one.
 *: probe confirmed -DPROBE_CONFIRMED -DSET=1 -DTERMS=2
 *  A read is confirmed in term 2 and in a changed configuration.
 */
#ifndef SET
#define SET 1
#endif
#ifndef TERMS
#define TERMS 2
#endif
#ifndef LENGTH
#define LENGTH 3
#endif

#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

/* The simple configurations of a set, 0 the first: voters, and the sizes of quorums. */
#if SET == 1
#define N 4
#define CHOICES 3
#define VOTERS(a) ((a) == 0 -> 7 : 15)
#define COMMIT(a) ((a) == 2 -> 3 : 2)
#define ELECTION(a) ((a) == 0 -> 2 : 3)
#define FIRST(i) ((i) == 0)
#elif SET == 4
#define N 3
#define CHOICES 1
#define VOTERS(a) 7
#define COMMIT(a) 2
#define ELECTION(a) 2
#define FIRST(i) ((i) == 0)
#elif SET == 2
#define N 4
#define CHOICES 3
#define VOTERS(a) ((a) == 0 -> 15 : ((a) == 1 -> 13 : 14))
#define COMMIT(a) ((a) == 0 -> 3 : 2)
#define ELECTION(a) ((a) == 0 -> 3 : 2)
#define FIRST(i) ((i) == 0 || (i) == 2)
#else
#define N 3
#define CHOICES 3
#define VOTERS(a) 7
#define COMMIT(a) ((a) + 1)
#define ELECTION(a) ((a) == 0 -> 3 : 2)
#define FIRST(i) ((i) == 0)
#endif

/* What is durable. Index 0 of a log is at i * LENGTH. */
byte term[N];
byte voted[N]; /* 0 nobody, else node + 1 */
byte length[N];
byte termAt[N * LENGTH];
byte confAt[N * LENGTH]; /* 0: no configuration; else what it brings into force, plus 1 */

byte role[N];
byte votes[N]; /* mask, of a candidate */
byte conf[N]; /* in force: incoming + 8 * (outgoing + 1), the latter 0 when not joint */
byte committed[N]; /* of a leader: its commit index */
byte match[N * N]; /* of a leader: what a follower has acknowledged in this term */

/* What was ever committed, and in which leader's term. */
byte chosen = 0;
byte chosenTerm[LENGTH];
byte chosenConf[LENGTH];
byte chosenIn[LENGTH];

byte z, y, n, acked;
bit electionSafety = 1, stateMachineSafety = 1, leaderCompleteness = 1, readIsNewest = 1;
bit probe = 1;

#define AT(i, k) ((i) * LENGTH + (k) - 1)
#define M(i, j) ((i) * N + (j))
#define POP(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1) + (((m) >> 3) & 1))
#define IN(c) ((c) & 7)
#define OUT(c) (((c) >> 3) - 1)
#define JOINT(c) ((c) >> 3)
#define IS_VOTER(c, i) \
  (((VOTERS(IN(c)) >> i) & 1) || (JOINT(c) && ((VOTERS(OUT(c)) >> i) & 1)))

/* Whether what nodes of `set` do is enough in each half. */
#ifdef NEW_HALF_ONLY
#define BOTH(c, set, enough) enough(IN(c), set)
#else
#define BOTH(c, set, enough) (enough(IN(c), set) && (!JOINT(c) || enough(OUT(c), set)))
#endif
#define ELECTED_IN(a, set) (POP((set) & VOTERS(a)) >= ELECTION(a))
#define COMMITTED_IN(a, set) (POP((set) & VOTERS(a)) >= COMMIT(a))
#ifdef SMALLEST_CONFIRMING
#define CONFIRMED_IN(a, set) (POP((set) & VOTERS(a)) >= POP(VOTERS(a)) - ELECTION(a) + 1)
#else
#define CONFIRMED_IN(a, set) COMMITTED_IN(a, set)
#endif

/* Whether quorums of these sizes, one of each set, always meet. */
#define MEET(a, sizeA, b, sizeB) (sizeA + sizeB > POP(VOTERS(a) | VOTERS(b)))
#ifdef UNGATED
#define AT_ONCE(a, b) true
#else
#define AT_ONCE(a, b) \
  (MEET(a, COMMIT(a), b, ELECTION(b)) && MEET(b, COMMIT(b), a, ELECTION(a)) && \
   MEET(a, ELECTION(a), b, ELECTION(b)))
#endif

/* The configuration that the log of i brings into force. */
inline enforce(i) {
#ifndef WHEN_COMMITTED
#ifndef NOT_REVERTED
  conf[i] = 0;
#endif
  z = 0;
  do
  :: z < length[i] ->
    conf[i] = (confAt[AT(i, z + 1)] > 0 -> confAt[AT(i, z + 1)] - 1 : conf[i]);
    z++
  :: else -> break
  od;
  z = 0
#else
  skip
#endif
}

inline checkLeader(i) {
  if
  :: role[i] == LEADER ->
    z = 0;
    do
    :: z < chosen ->
      leaderCompleteness = chosenIn[z] >= term[i] || (z < length[i] &&
        chosenTerm[z] == termAt[AT(i, z + 1)] && chosenConf[z] == confAt[AT(i, z + 1)]);
      assert(leaderCompleteness);
      z++
    :: else -> break
    od;
    z = 0;
#ifndef NO_READS
    /* Those that could answer a round now: whoever has not gone on to a later term. */
    acked = 0;
    do
    :: z < N -> acked = acked | ((term[z] <= term[i] -> 1 : 0) << z); z++
    :: else -> break
    od;
    z = 0;
    if
    :: committed[i] > 0 && termAt[AT(i, committed[i])] == term[i] && BOTH(conf[i], acked, CONFIRMED_IN) ->
      do
      :: z < chosen ->
        readIsNewest = chosenIn[z] <= term[i];
        assert(readIsNewest);
        z++
      :: else -> break
      od;
      z = 0;
#ifdef PROBE_CONFIRMED
      probe = !(term[i] == 2 && conf[i] > 0);
      assert(probe)
#endif
    :: else
    fi;
    acked = 0
#endif
  :: else
  fi
}

#if N == 4
#define SAME(i, j) (role[i] == LEADER && role[j] == LEADER && term[i] == term[j])
#define TWO_LEADERS \
  (SAME(0, 1) || SAME(0, 2) || SAME(0, 3) || SAME(1, 2) || SAME(1, 3) || SAME(2, 3))
#else
#define SAME(i, j) (role[i] == LEADER && role[j] == LEADER && term[i] == term[j])
#define TWO_LEADERS (SAME(0, 1) || SAME(0, 2) || SAME(1, 2))
#endif

inline check() {
  electionSafety = !TWO_LEADERS;
  assert(electionSafety);
  checkLeader(0);
  checkLeader(1);
  checkLeader(2);
#if N == 4
  checkLeader(3)
#endif
}

inline endLeadership(i) {
  role[i] = FOLLOWER;
  votes[i] = 0;
  committed[i] = 0;
  match[M(i, 0)] = 0;
  match[M(i, 1)] = 0;
  match[M(i, 2)] = 0;
#if N == 4
  match[M(i, 3)] = 0;
#endif
}

inline follow(i, newTerm) {
  voted[i] = (term[i] < newTerm -> 0 : voted[i]);
  term[i] = newTerm;
  endLeadership(i)
}

/* Commits what a quorum has acknowledged, of the leader's own term and what is before it. */
inline advance(i) {
  n = length[i];
  do
  :: n > committed[i] ->
    acked = 0;
    z = 0;
    do
    :: z < N -> acked = acked | ((z == i || match[M(i, z)] >= n -> 1 : 0) << z); z++
    :: else -> break
    od;
    z = 0;
    if
#ifdef OLDER_TERMS
    :: BOTH(conf[i], acked, COMMITTED_IN) -> break
#else
    :: termAt[AT(i, n)] == term[i] && BOTH(conf[i], acked, COMMITTED_IN) -> break
#endif
    :: else -> n--
    fi
  :: else -> break
  od;
  acked = 0;
  committed[i] = n;
  y = 0;
  do
  :: y < n ->
    if
    :: y >= chosen ->
      chosenTerm[y] = termAt[AT(i, y + 1)];
      chosenConf[y] = confAt[AT(i, y + 1)];
      chosenIn[y] = term[i];
      chosen = y + 1
    :: else ->
      stateMachineSafety = chosenTerm[y] == termAt[AT(i, y + 1)] &&
        chosenConf[y] == confAt[AT(i, y + 1)];
      assert(stateMachineSafety)
    fi;
#ifdef WHEN_COMMITTED
    conf[i] = (confAt[AT(i, y + 1)] > 0 -> confAt[AT(i, y + 1)] - 1 : conf[i]);
#endif
    y++
  :: else -> break
  od;
  n = 0;
  y = 0;
#ifdef PROBE_CHANGED
  probe = !(term[i] == 2 && committed[i] > 0 && confAt[AT(i, committed[i])] > 0 &&
    JOINT(conf[i]) == 0 && JOINT(confAt[AT(i, committed[i] - 1)] - 1));
  assert(probe)
#endif
}

inline append(i, entry) {
  length[i]++;
  termAt[AT(i, length[i])] = term[i];
  confAt[AT(i, length[i])] = entry;
  enforce(i);
  advance(i)
}

#if N == 4
#define ANYONE_CAMPAIGNED (term[0] + term[1] + term[2] + term[3] > 0)
#else
#define ANYONE_CAMPAIGNED (term[0] + term[1] + term[2] > 0)
#endif
#define LAST_TERM(i) (length[i] > 0 -> termAt[AT(i, length[i])] : 0)
#define UP_TO_DATE(i, j) \
  (LAST_TERM(i) > LAST_TERM(j) || (LAST_TERM(i) == LAST_TERM(j) && length[i] >= length[j]))

#ifdef BEFORE_COMMIT
#define OWN_COMMITTED(i) true
#else
#define OWN_COMMITTED(i) (committed[i] > 0 && termAt[AT(i, committed[i])] == term[i])
#endif
#ifdef WHILE_PENDING
#define PENDING(i) false
#else
#define PENDING_AT(i, k) (length[i] >= k && committed[i] < k && confAt[AT(i, k)] > 0)
#if LENGTH == 3
#define PENDING(i) (PENDING_AT(i, 1) || PENDING_AT(i, 2) || PENDING_AT(i, 3))
#else
#define PENDING(i) (PENDING_AT(i, 1) || PENDING_AT(i, 2) || PENDING_AT(i, 3) || PENDING_AT(i, 4))
#endif
#endif
#define MAY_CHANGE(i) \
  (role[i] == LEADER && length[i] < LENGTH && OWN_COMMITTED(i) && !PENDING(i))

/* Follower j accepts the log of leader i up to index n. */
inline accept(i, j, to) {
  if
  :: term[j] < term[i] || role[j] == CANDIDATE -> follow(j, term[i])
  :: else
  fi;
  z = 1;
  do
  :: z <= to && z <= length[j] && termAt[AT(i, z)] == termAt[AT(j, z)] -> z++
  :: else -> break
  od;
  if
  :: z <= to ->
    /* A conflict, or the end of its log: only then it is truncated. */
    y = length[j];
    do
    :: y > to -> termAt[AT(j, y)] = 0; confAt[AT(j, y)] = 0; y--
    :: else -> break
    od;
    length[j] = to;
    do
    :: z <= to ->
      termAt[AT(j, z)] = termAt[AT(i, z)];
      confAt[AT(j, z)] = confAt[AT(i, z)];
      z++
    :: else -> break
    od
  :: else
  fi;
  z = 0;
  y = 0;
  enforce(j);
  match[M(i, j)] = to;
  advance(i)
}

/* What is done, by node p, with node q, up to which index or to which configuration. */
byte what = 0, p = 0, q = 0, to = 0;
#define CAMPAIGNS 1
#define VOTES 2
#define WINS 3
#define LEARNS_TERM 4
#define ACCEPTS 5
#define CHANGES_AT_ONCE 6
#define CHANGES_JOINTLY 7
#define LEAVES_JOINT 8

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
    append(p, 0);
    printf("%d leads term %d\n", p, term[p])
  :: what == LEARNS_TERM ->
    follow(p, term[q]);
    printf("%d learns of term %d\n", p, term[p])
  :: what == ACCEPTS ->
    accept(q, p, to);
    printf("%d has the log of %d up to %d, committed %d\n", p, q, to, committed[q])
  :: what == CHANGES_AT_ONCE ->
    append(p, to + 1);
    printf("%d changes to configuration %d at once\n", p, to)
  :: what == CHANGES_JOINTLY ->
    append(p, to + 8 * (IN(conf[p]) + 1) + 1);
    printf("%d enters a joint configuration on the way to %d\n", p, to)
  :: what == LEAVES_JOINT ->
    append(p, IN(conf[p]) + 1);
    printf("%d leaves the joint configuration\n", p)
  fi
}

#define DO(step, i, j, n) what = step; p = i; q = j; to = n

/* By symmetry the first campaign is that of one of FIRST. */
#define NODE(i) \
  :: role[i] != LEADER && term[i] < TERMS && IS_VOTER(conf[i], i) && length[i] < LENGTH && \
     (FIRST(i) || ANYONE_CAMPAIGNED) -> DO(CAMPAIGNS, i, 0, 0) \
  :: role[i] == CANDIDATE && BOTH(conf[i], votes[i], ELECTED_IN) -> DO(WINS, i, 0, 0) \
  :: MAY_CHANGE(i) && JOINT(conf[i]) -> DO(LEAVES_JOINT, i, 0, 0) \
  CHANGE(i, 0) CHANGE(i, 1) CHANGE(i, 2)
#define CHANGE(i, b) \
  :: b < CHOICES && MAY_CHANGE(i) && !JOINT(conf[i]) && IN(conf[i]) != b && AT_ONCE(IN(conf[i]), b) -> \
     DO(CHANGES_AT_ONCE, i, 0, b) \
  :: b < CHOICES && MAY_CHANGE(i) && !JOINT(conf[i]) && IN(conf[i]) != b -> DO(CHANGES_JOINTLY, i, 0, b)

#define PAIR(i, j) \
  :: role[j] == CANDIDATE && !(votes[j] & (1 << i)) && UP_TO_DATE(j, i) && \
     (term[i] < term[j] || (term[i] == term[j] && voted[i] == 0 && role[i] == FOLLOWER)) -> \
     DO(VOTES, i, j, 0) \
  :: term[j] > term[i] -> DO(LEARNS_TERM, i, j, 0) \
  ACCEPT(i, j, 1) ACCEPT(i, j, 2) ACCEPT(i, j, 3) ACCEPT_MORE(i, j)
#define ACCEPT(i, j, n) \
  :: role[j] == LEADER && term[i] <= term[j] && n <= length[j] && match[M(j, i)] < n -> \
     DO(ACCEPTS, i, j, n)
#if LENGTH == 3
#define ACCEPT_MORE(i, j)
#else
#define ACCEPT_MORE(i, j) ACCEPT(i, j, 4)
#endif

active proctype world() {
  do
  :: atomic {
    if
    NODE(0) NODE(1) NODE(2)
    PAIR(0, 1) PAIR(0, 2) PAIR(1, 0) PAIR(1, 2) PAIR(2, 0) PAIR(2, 1)
#if N == 4
    NODE(3)
    PAIR(0, 3) PAIR(1, 3) PAIR(2, 3) PAIR(3, 0) PAIR(3, 1) PAIR(3, 2)
#endif
    fi;
    d_step { act(); check(); what = 0; p = 0; q = 0; to = 0 }
  }
  od
}
