\set n :n + 1
\set id :first + :n * :clients + :client_id
\set debit random(1, :accounts)
\set credit 1 + (:debit - 1 + random(1, :accounts - 1)) % :accounts
\set amount random(1, 50000)
SELECT transfer(:id, :debit, :credit, :amount, 1, 1);
