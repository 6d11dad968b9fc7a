/*
 * Durability classes over failure domains (safety rule 12). They gate the reply, also the reply to
 * a retry that is answered from dedupe, also after a failover; never the commit index.
 *
 * Domain X has the voters 0 and 1, Y the voter 2 and the learner 4, Z the voter 3, a witness. Three
 * of the four voters commit, three elect. The write W is the entry of term 1, and its class asks for
 * two domains. A node writes what it receives, makes it durable later, and acknowledges then; a
 * crash loses what is not durable. X or Y may lose all its disks. The learner may be removed,
 * and its disk is gone then, if the class is met without it.
 *
 * What is promised: when W is acknowledged in its class of K domains, it is committed, and durable
 * on nodes that hold data in K domains. From then on every later leader has it, and after the loss
 * of any K - 1 domains a surviving disk still holds it.
 *
 *: run ci -DTERMS=2 -DNO_LEARNER
 *: run full -DTERMS=2
 *: run full -DTERMS=3 -DNO_LEARNER
 *
 *: mutant retry-ungated promised -DRETRY_UNGATED -DTERMS=2
 *  A new leader that finds W committed answers the retry from dedupe at once.
 *: mutant not-durable-counted promised -DNOT_DURABLE_COUNTED -DTERMS=2
 *  A follower counts when it has received W, before W is durable there.
 *: mutant witness-counted promised -DWITNESS_COUNTED -DTERMS=2
 *  The witness counts for its domain, though it holds no data.
 *: mutant nodes-counted promised -DNODES_COUNTED -DTERMS=2
 *  Two nodes are taken for two domains.
 *: mutant uncommitted-answered leaderHasWrite -DUNCOMMITTED_ANSWERED -DTERMS=2
 *  The reply waits for the class alone, not for the commit.
 *: mutant last-holder-removed survives -DLAST_HOLDER_REMOVED -DTERMS=2
 *  The learner is removed though it is the last holder of its domain.
 *: mutant removed-before-commit survives -DREMOVED_EARLY -DTERMS=2
 *  A leader that has not yet committed in its term, and so does not know what is committed, judges
 *  whether the class is met without the learner.
 *
 *: probe acknowledged-after-failover -DPROBE_FAILOVER -DTERMS=2
 *  A leader of term 2 acknowledges W.
 *: probe lost-domain -DPROBE_LOST -DTERMS=2
 *  W is acknowledged, X is lost, and a disk in Y holds it.
 */
#ifndef TERMS
#define TERMS 2
#endif
#define LENGTH TERMS
#define N 5
#define VOTERS 15
#define QUORUM 3
#define WITNESS 3
#define LEARNER 4
#define K 2

#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

byte term[N];
byte voted[N]; /* 0 nobody, else node + 1 */
byte role[N];
byte votes[N]; /* mask, of a candidate */
byte length[N];
byte durable[N]; /* so much of the log is */
byte termAt[N * LENGTH]; /* index 1 is at i * LENGTH */
byte match[N * N]; /* of a leader: what was acknowledged in this term */
byte committed[N]; /* of a leader */
byte lost = 0; /* domain + 1 whose disks are lost; 0: none */
#ifdef NO_LEARNER
bit removed = 1;
#else
bit removed = 0;
#endif
bit acknowledged = 0;
byte acknowledgedIn = 0;

byte what = 0, p = 0, q = 0, to = 0, y, z, set;
bit promised = 1, survives = 1, leaderHasWrite = 1, electionSafety = 1, probe = 1;

#define AT(i, k) ((i) * LENGTH + (k) - 1)
#define M(i, j) ((i) * N + (j))
#define DOMAIN(i) ((i) < 2 -> 0 : ((i) == 3 -> 2 : 1))
#define GONE(i) (lost == DOMAIN(i) + 1 || (i == LEARNER && removed))
#define POP(m) (((m) & 1) + (((m) >> 1) & 1) + (((m) >> 2) & 1) + (((m) >> 3) & 1))
/* The number of domains in which nodes of the mask are. */
#define DOMAINS(m) (((m) & 3 -> 1 : 0) + ((m) & 20 -> 1 : 0) + ((m) & 8 -> 1 : 0))
#define LAST_TERM(i) (length[i] > 0 -> termAt[AT(i, length[i])] : 0)
#define UP_TO_DATE(i, j) \
  (LAST_TERM(i) > LAST_TERM(j) || (LAST_TERM(i) == LAST_TERM(j) && length[i] >= length[j]))
#define HAS_WRITE(i) (length[i] > 0 && termAt[AT(i, 1)] == 1)

/* Who truly has W durable, with its data. */
#define HOLDS(i) (!GONE(i) && i != WITNESS && durable[i] > 0 && termAt[AT(i, 1)] == 1)
#define HOLDERS \
  ((HOLDS(0) -> 1 : 0) | (HOLDS(1) -> 2 : 0) | (HOLDS(2) -> 4 : 0) | (HOLDS(4) -> 16 : 0))

/* What leader i knows to count for the class. */
#ifdef WITNESS_COUNTED
#define HAS_DATA(j) true
#else
#define HAS_DATA(j) (j != WITNESS)
#endif
#ifdef NOT_DURABLE_COUNTED
#define KNOWN(i, j) (HAS_DATA(j) && term[j] == term[i] && HAS_WRITE(j))
#else
#define KNOWN(i, j) (HAS_DATA(j) && (i == j -> durable[i] > 0 : match[M(i, j)] > 0))
#endif
#define COUNTED(i) \
  ((KNOWN(i, 0) -> 1 : 0) | (KNOWN(i, 1) -> 2 : 0) | (KNOWN(i, 2) -> 4 : 0) | \
   (KNOWN(i, 3) -> 8 : 0) | (KNOWN(i, 4) && !removed -> 16 : 0))
#ifdef NODES_COUNTED
#define CLASS_MET(m) (POP((m) & 15) + ((m) >> 4) >= K)
#else
#define CLASS_MET(m) (DOMAINS(m) >= K)
#endif

#ifdef RETRY_UNGATED
#define GATED(i) (term[i] > 1 || CLASS_MET(COUNTED(i)))
#else
#define GATED(i) CLASS_MET(COUNTED(i))
#endif
#ifdef UNCOMMITTED_ANSWERED
#define COMMITTED(i) true
#else
#define COMMITTED(i) (committed[i] > 0)
#endif
/* Rule 12: a change must not give up the last holder of a domain. */
#define MET_WITHOUT(i) (committed[i] == 0 || CLASS_MET(COUNTED(i) & 15))
#define OWN_COMMITTED(i) (committed[i] > 0 && termAt[AT(i, committed[i])] == term[i])
#if defined(LAST_HOLDER_REMOVED)
#define MAY_REMOVE(i) OWN_COMMITTED(i)
#elif defined(REMOVED_EARLY)
#define MAY_REMOVE(i) MET_WITHOUT(i)
#else
#define MAY_REMOVE(i) (OWN_COMMITTED(i) && MET_WITHOUT(i))
#endif

#define SAME(i, j) (role[i] == LEADER && role[j] == LEADER && term[i] == term[j])

inline check() {
  electionSafety = !(SAME(0, 1) || SAME(0, 2) || SAME(1, 2));
  assert(electionSafety);
  survives = !acknowledged || DOMAINS(HOLDERS) + (lost > 0 -> 1 : 0) >= K;
  assert(survives);
  leaderHasWrite = !acknowledged || (
    (role[0] != LEADER || term[0] < acknowledgedIn || HAS_WRITE(0)) &&
    (role[1] != LEADER || term[1] < acknowledgedIn || HAS_WRITE(1)) &&
    (role[2] != LEADER || term[2] < acknowledgedIn || HAS_WRITE(2)));
  assert(leaderHasWrite);
#ifdef PROBE_FAILOVER
  probe = acknowledgedIn != 2;
  assert(probe);
#endif
#ifdef PROBE_LOST
  probe = !(acknowledged && lost == 1 && (HOLDERS & 20));
  assert(probe);
#endif
}

inline endLeadership(i) {
  role[i] = FOLLOWER;
  votes[i] = 0;
  committed[i] = 0;
  z = 0;
  do
  :: z < N -> match[M(i, z)] = 0; z++
  :: else -> break
  od;
  z = 0
}

inline follow(i, newTerm) {
  voted[i] = (term[i] < newTerm -> 0 : voted[i]);
  term[i] = newTerm;
  endLeadership(i)
}

/* The write of term 1, or the empty entry of a later one. */
inline lead(i) {
  role[i] = LEADER;
  votes[i] = 0;
  length[i]++;
  termAt[AT(i, length[i])] = term[i]
}

/* Witness and learner included: what differs is who holds data and who has a vote. */
inline advance(i) {
  z = length[i];
  do
  :: z > committed[i] && termAt[AT(i, z)] == term[i] ->
    set = (durable[i] >= z -> 1 << i : 0);
    y = 0;
    do
    :: y < N -> set = set | ((match[M(i, y)] >= z -> 1 : 0) << y); y++
    :: else -> break
    od;
    if
    :: POP(set & VOTERS) >= QUORUM -> committed[i] = z; break
    :: else -> z--
    fi
  :: else -> break
  od;
  set = 0;
  y = 0;
  z = 0
}

/* Truncation is durable at once: the loss of what it takes away comes early. */
inline receive(j, i) {
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
    durable[j] = (durable[j] > z - 1 -> z - 1 : durable[j]);
    y = z;
    do
    :: y <= LENGTH -> termAt[AT(j, y)] = (y <= to -> termAt[AT(i, y)] : 0); y++
    :: else -> break
    od;
    length[j] = to
  :: else
  fi;
  y = 0;
  z = 0
}

/* What is durable and equal to the leader's log. */
inline acknowledge(j, i) {
  z = 1;
  do
  :: z <= durable[j] && z <= length[i] && termAt[AT(i, z)] == termAt[AT(j, z)] -> z++
  :: else -> break
  od;
  match[M(i, j)] = (z - 1 > match[M(i, j)] -> z - 1 : match[M(i, j)]);
  z = 0;
  advance(i)
}

inline crash(i) {
  endLeadership(i);
  z = durable[i] + 1;
  do
  :: z <= LENGTH -> termAt[AT(i, z)] = 0; z++
  :: else -> break
  od;
  z = 0;
  length[i] = durable[i]
}

#define CAMPAIGNS 1
#define VOTES 2
#define WINS 3
#define LEARNS_TERM 4
#define RECEIVES 5
#define SYNCS 6
#define ACKNOWLEDGES 7
#define CRASHES 8
#define ANSWERS 9
#define IS_LOST 10
#define REMOVES 11

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
    lead(p);
    printf("%d leads term %d\n", p, term[p])
  :: what == LEARNS_TERM ->
    follow(p, term[q]);
    printf("%d learns of term %d\n", p, term[p])
  :: what == RECEIVES ->
    receive(p, q);
    printf("%d receives the log of %d up to %d\n", p, q, to)
  :: what == SYNCS ->
    durable[p] = length[p];
    if
    :: role[p] == LEADER -> advance(p)
    :: else
    fi;
    printf("%d makes its log durable up to %d\n", p, durable[p])
  :: what == ACKNOWLEDGES ->
    acknowledge(p, q);
    printf("%d acknowledges %d, committed %d\n", p, q, committed[q])
  :: what == CRASHES ->
    crash(p);
    printf("%d crashes and restarts\n", p)
  :: what == ANSWERS ->
    acknowledged = 1;
    acknowledgedIn = term[p];
    promised = DOMAINS(HOLDERS) + (lost > 0 -> 1 : 0) >= K;
    printf("%d acknowledges W in term %d; held by mask %d\n", p, term[p], HOLDERS);
    assert(promised)
  :: what == IS_LOST ->
    lost = p + 1;
    z = 0;
    printf("domain %d loses its disks\n", p)
  :: what == REMOVES ->
    removed = 1;
    match[M(p, LEARNER)] = 0;
    printf("%d removes the learner\n", p)
  fi
}

#define DO(step, i, j, n) what = step; p = i; q = j; to = n

/* By symmetry the first campaign is not node 1's. */
#define CANDIDATURE(i) \
  :: !GONE(i) && role[i] == FOLLOWER && term[i] < TERMS && length[i] < LENGTH && \
     (i != 1 || term[0] + term[2] > 0) -> DO(CAMPAIGNS, i, 0, 0) \
  :: !GONE(i) && role[i] == CANDIDATE && POP(votes[i]) >= QUORUM -> DO(WINS, i, 0, 0) \
  :: !GONE(i) && role[i] == LEADER && !acknowledged && HAS_WRITE(i) && COMMITTED(i) && GATED(i) -> \
     DO(ANSWERS, i, 0, 0) \
  :: !GONE(i) && role[i] == LEADER && !removed && lost == 0 && MAY_REMOVE(i) -> DO(REMOVES, i, 0, 0)

#define NODE(i) \
  :: !GONE(i) && durable[i] < length[i] -> DO(SYNCS, i, 0, 0) \
  :: !GONE(i) && durable[i] < length[i] -> DO(CRASHES, i, 0, 0)

#define VOTE(i, j) \
  :: !GONE(i) && !GONE(j) && role[j] == CANDIDATE && !(votes[j] & (1 << i)) && UP_TO_DATE(j, i) && \
     (term[i] < term[j] || (term[i] == term[j] && voted[i] == 0 && role[i] == FOLLOWER)) -> \
     DO(VOTES, i, j, 0)

#define PAIR(i, j) \
  :: !GONE(i) && !GONE(j) && term[j] > term[i] && role[i] != FOLLOWER -> DO(LEARNS_TERM, i, j, 0) \
  :: !GONE(i) && !GONE(j) && role[j] == LEADER && term[i] == term[j] && durable[i] > 0 && \
     match[M(j, i)] < length[j] && match[M(j, i)] < durable[i] && \
     termAt[AT(i, durable[i])] == termAt[AT(j, durable[i])] -> DO(ACKNOWLEDGES, i, j, 0) \
  RECEIVE(i, j, 1) RECEIVE(i, j, 2) RECEIVE_MORE(i, j)
#define RECEIVE(i, j, n) \
  :: !GONE(i) && !GONE(j) && role[j] == LEADER && term[i] <= term[j] && n <= length[j] && \
     !(n <= length[i] && termAt[AT(i, n)] == termAt[AT(j, n)]) -> DO(RECEIVES, i, j, n) \

#if LENGTH > 2
#define RECEIVE_MORE(i, j) RECEIVE(i, j, 3)
#else
#define RECEIVE_MORE(i, j)
#endif

active proctype world() {
  do
  :: atomic {
    if
    CANDIDATURE(0) CANDIDATURE(1) CANDIDATURE(2)
    NODE(0) NODE(1) NODE(2) NODE(3) NODE(4)
    VOTE(0, 1) VOTE(0, 2) VOTE(1, 0) VOTE(1, 2) VOTE(2, 0) VOTE(2, 1) VOTE(3, 0) VOTE(3, 1) VOTE(3, 2)
    PAIR(0, 1) PAIR(0, 2) PAIR(1, 0) PAIR(1, 2) PAIR(2, 0) PAIR(2, 1)
    PAIR(3, 0) PAIR(3, 1) PAIR(3, 2) PAIR(4, 0) PAIR(4, 1) PAIR(4, 2)
    :: lost == 0 -> DO(IS_LOST, 0, 0, 0)
    :: lost == 0 && !removed -> DO(IS_LOST, 1, 0, 0)
    fi;
    d_step { act(); check(); what = 0; p = 0; q = 0; to = 0 }
  }
  od
}
