-- Resellers and enterprises that are to go below another account: asked for by one side, decided by the other. `to_id` is what the one side
-- named and may be nobody's, so it is no reference. A pending one whose time is over counts as expired.
CREATE TABLE moves (
    id uuid PRIMARY KEY NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id),
    from_id uuid NOT NULL REFERENCES accounts (id),
    to_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'accepted', 'declined', 'cancelled', 'expired')),
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    decided_at timestamp
);
CREATE UNIQUE INDEX moves_pending_by_account ON moves (account_id) WHERE status = 'pending';
CREATE INDEX moves_by_from ON moves (from_id, id);
CREATE INDEX moves_by_to ON moves (to_id, id);
