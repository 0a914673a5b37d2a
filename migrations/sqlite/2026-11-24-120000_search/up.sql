-- Accounts by any three characters of their search text. The index knows accounts by a number each, which grows in the
-- order of their creation; it holds no text, so what it finds is looked up and compared.
CREATE TABLE account_search_rows (
    row INTEGER PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL UNIQUE REFERENCES accounts (id)
);
CREATE VIRTUAL TABLE account_search USING fts5(
    text, content='', contentless_delete=1, detail='none', tokenize='trigram case_sensitive 1'
);
INSERT INTO account_search_rows (account_id) SELECT id FROM accounts ORDER BY id;
INSERT INTO account_search (rowid, text)
SELECT row, search_text FROM account_search_rows JOIN accounts ON accounts.id = account_id ORDER BY row;

CREATE TRIGGER account_search_added AFTER INSERT ON accounts BEGIN
    INSERT INTO account_search_rows (account_id) VALUES (new.id);
    INSERT INTO account_search (rowid, text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER account_search_changed AFTER UPDATE OF search_text ON accounts
WHEN old.search_text <> new.search_text BEGIN
    DELETE FROM account_search WHERE rowid = (SELECT row FROM account_search_rows WHERE account_id = new.id);
    INSERT INTO account_search (rowid, text)
    SELECT row, new.search_text FROM account_search_rows WHERE account_id = new.id;
END;

-- With the status in them, accounts below one are counted by status from an index alone.
DROP INDEX accounts_by_tier;
DROP INDEX accounts_by_master_reseller;
DROP INDEX accounts_by_reseller;
CREATE INDEX accounts_by_tier ON accounts (tier, id, status);
CREATE INDEX accounts_by_master_reseller ON accounts (master_reseller_id, tier, id, status);
CREATE INDEX accounts_by_reseller ON accounts (reseller_id, tier, id, status);
