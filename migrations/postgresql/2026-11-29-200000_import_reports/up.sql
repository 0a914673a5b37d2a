-- The complete results of imports with too many errors to list, as compressed NDJSON. They are kept for a day.
CREATE TABLE import_reports (
    id uuid PRIMARY KEY NOT NULL,
    caller text NOT NULL,
    enterprise_id uuid REFERENCES accounts (id),
    created_at timestamp NOT NULL,
    content bytea NOT NULL
);
CREATE INDEX import_reports_by_caller ON import_reports (caller, created_at);
CREATE INDEX import_reports_by_time ON import_reports (created_at);
