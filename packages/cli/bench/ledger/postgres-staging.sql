-- Of one connection, emptied at each commit, and in no log.
CREATE TEMPORARY TABLE staged (
  id bigint, debit bigint, credit bigint, amount bigint, ledger integer, code integer
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE summed (account bigint, debited numeric, credited numeric)
  ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE outcome (inserted bigint) ON COMMIT DELETE ROWS;
