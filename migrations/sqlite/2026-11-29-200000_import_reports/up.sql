-- The complete results of imports with too many errors to list, as compressed NDJSON. They are kept for a day.
CREATE TABLE import_reports (
    id BLOB PRIMARY KEY NOT NULL,
    caller TEXT NOT NULL,
    enterprise_id BLOB REFERENCES accounts (id),
    created_at TIMESTAMP NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX import_reports_by_caller ON import_reports (caller, created_at);
CREATE INDEX import_reports_by_time ON import_reports (created_at);
