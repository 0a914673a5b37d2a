-- The version of the rules by which the texts that searches compare are folded. When it is older than that of the
-- program, the program folds the stored texts again at its start.
CREATE TABLE search_folding (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
);
INSERT INTO search_folding (id, version) VALUES (1, 0);
