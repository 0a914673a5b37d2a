INSERT INTO account_search (rowid, text)
SELECT row, search_text FROM account_search_progress, account_search_rows JOIN accounts ON accounts.id = account_id
WHERE row > up_to ORDER BY row;

DROP TRIGGER account_search_added;
CREATE TRIGGER account_search_added AFTER INSERT ON accounts BEGIN
    INSERT INTO account_search_rows (account_id) VALUES (new.id);
    INSERT INTO account_search (rowid, text) VALUES (last_insert_rowid(), new.search_text);
END;
DROP TRIGGER account_search_changed;
CREATE TRIGGER account_search_changed AFTER UPDATE OF search_text ON accounts
WHEN old.search_text <> new.search_text BEGIN
    DELETE FROM account_search WHERE rowid = (SELECT row FROM account_search_rows WHERE account_id = new.id);
    INSERT INTO account_search (rowid, text)
    SELECT row, new.search_text FROM account_search_rows WHERE account_id = new.id;
END;
DROP TABLE account_search_progress;
