-- How many claims of an account were refused within a day because somebody else has the value.
CREATE TABLE taken_claims (
    account_id uuid PRIMARY KEY NOT NULL,
    refused integer NOT NULL,
    since timestamp NOT NULL
);
