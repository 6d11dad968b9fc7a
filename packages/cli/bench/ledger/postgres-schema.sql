-- Half of each page stays free, so that an account's next version fits beside the last one, and
-- no index is touched.
CREATE TABLE accounts (
  id bigint PRIMARY KEY,
  ledger integer NOT NULL,
  code integer NOT NULL,
  debits_pending bigint NOT NULL DEFAULT 0,
  debits_posted bigint NOT NULL DEFAULT 0,
  credits_pending bigint NOT NULL DEFAULT 0,
  credits_posted bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- Without foreign keys and without an index by account: both would cost more, and each transfer
-- looks at its accounts anyway.
CREATE TABLE transfers (
  id bigint PRIMARY KEY,
  debit_account_id bigint NOT NULL,
  credit_account_id bigint NOT NULL CHECK (credit_account_id <> debit_account_id),
  amount bigint NOT NULL CHECK (amount > 0),
  ledger integer NOT NULL,
  code integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One transfer, in one round trip. Accounts are locked in the order of their ids, so that no two
-- transfers wait for each other.
CREATE FUNCTION transfer(
  new_id bigint, debit bigint, credit bigint, amount bigint, in_ledger integer, with_code integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  locked integer;
BEGIN
  PERFORM FROM accounts WHERE id IN (debit, credit) AND ledger = in_ledger
    ORDER BY id FOR UPDATE;
  GET DIAGNOSTICS locked = ROW_COUNT;
  IF locked <> 2 THEN
    RAISE EXCEPTION 'no accounts % and % of ledger %', debit, credit, in_ledger;
  END IF;
  UPDATE accounts SET debits_posted = debits_posted + amount WHERE id = debit;
  UPDATE accounts SET credits_posted = credits_posted + amount WHERE id = credit;
  INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, ledger, code)
    VALUES (new_id, debit, credit, amount, in_ledger, with_code);
END $$;
