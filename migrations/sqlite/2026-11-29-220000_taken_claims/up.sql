-- How many claims of an account were refused within a day because somebody else has the value.
CREATE TABLE taken_claims (
    account_id BLOB PRIMARY KEY NOT NULL,
    refused INTEGER NOT NULL,
    since TIMESTAMP NOT NULL
);
