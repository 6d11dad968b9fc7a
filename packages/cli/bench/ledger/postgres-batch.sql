-- What has been copied to `staged` becomes transfers, and one sum for each account.
WITH inserted AS (
  INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, ledger, code)
    SELECT staged.* FROM staged
      JOIN accounts debit ON debit.id = staged.debit AND debit.ledger = staged.ledger
      JOIN accounts credit ON credit.id = staged.credit AND credit.ledger = staged.ledger
    ON CONFLICT DO NOTHING
    RETURNING debit_account_id, credit_account_id, amount
), counted AS (
  INSERT INTO outcome SELECT count(*) FROM inserted
)
INSERT INTO summed
  SELECT account, sum(debited), sum(credited) FROM (
    SELECT debit_account_id AS account, amount AS debited, 0 AS credited FROM inserted
    UNION ALL
    SELECT credit_account_id, 0, amount FROM inserted
  ) sides GROUP BY account;
-- From here to the commit one batch at a time: two would wait for each other's accounts. Not a
-- lock of the table, which would have to wait for its vacuum.
SELECT pg_advisory_xact_lock(1);
UPDATE accounts
  SET debits_posted = debits_posted + debited, credits_posted = credits_posted + credited
  FROM summed WHERE id = account;
SELECT inserted FROM outcome;
COMMIT;
