-- Adding to the index of trigrams one account at a time costs as much as all the rest of a creation, and a tenth of that in
-- batches. So accounts with a row behind `up_to` wait for the next batch, and are looked through by a search.
CREATE TABLE account_search_progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    up_to INTEGER NOT NULL
);
INSERT INTO account_search_progress SELECT 1, coalesce(max(row), 0) FROM account_search_rows;

DROP TRIGGER account_search_added;
CREATE TRIGGER account_search_added AFTER INSERT ON accounts BEGIN
    INSERT INTO account_search_rows (account_id) VALUES (new.id);
END;
DROP TRIGGER account_search_changed;
CREATE TRIGGER account_search_changed AFTER UPDATE OF search_text ON accounts
WHEN old.search_text <> new.search_text BEGIN
    DELETE FROM account_search WHERE rowid = (
        SELECT row FROM account_search_rows, account_search_progress WHERE account_id = new.id AND id = 1 AND row <= up_to
    );
    INSERT INTO account_search (rowid, text)
    SELECT row, new.search_text FROM account_search_rows, account_search_progress
    WHERE account_id = new.id AND id = 1 AND row <= up_to;
END;
