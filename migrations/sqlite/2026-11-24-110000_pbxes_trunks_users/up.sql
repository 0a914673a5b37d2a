-- SIP configuration templates of enterprises (R12). `sip_search_text` is searched for those who see SIP data.
CREATE TABLE pbxes (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES enterprises (account_id),
    kind TEXT NOT NULL,
    location TEXT NOT NULL,
    sip_domain TEXT NOT NULL,
    outbound_proxy TEXT,
    transport TEXT NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls')),
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    dns_lookup TEXT NOT NULL CHECK (dns_lookup IN ('srv', 'a')),
    registration_expiry_seconds INTEGER NOT NULL,
    voicemail_feature_code TEXT,
    search_text TEXT NOT NULL,
    sip_search_text TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX pbxes_by_account ON pbxes (account_id, id);
CREATE UNIQUE INDEX pbxes_by_location ON pbxes (account_id, location);
CREATE INDEX pbxes_by_sip_domain ON pbxes (sip_domain);

-- SIP trunks of enterprises (R13). Networks and codecs stand with blanks between them; the password is sealed, with the
-- id of the key in front.
CREATE TABLE trunks (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES enterprises (account_id),
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    transport TEXT NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls')),
    networks TEXT,
    user_name TEXT,
    password BLOB,
    codecs TEXT NOT NULL,
    max_concurrent_calls INTEGER,
    search_text TEXT NOT NULL,
    sip_search_text TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CHECK ((networks IS NULL) <> (user_name IS NULL)),
    CHECK (password IS NULL OR user_name IS NOT NULL)
) WITHOUT ROWID;
CREATE UNIQUE INDEX trunks_by_account ON trunks (account_id, id);

-- Teams users of enterprises, each on a PBX or a trunk and on a route of the same enterprise (R14). The password is
-- sealed, with the id of the key in front.
CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES enterprises (account_id),
    teams_user TEXT NOT NULL,
    teams_user_canonical TEXT NOT NULL,
    pbx_id BLOB,
    trunk_id BLOB,
    sip_user TEXT,
    auth_id TEXT,
    password BLOB,
    voice_route TEXT NOT NULL,
    tag TEXT,
    search_text TEXT NOT NULL,
    sip_search_text TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    FOREIGN KEY (account_id, pbx_id) REFERENCES pbxes (account_id, id),
    FOREIGN KEY (account_id, trunk_id) REFERENCES trunks (account_id, id),
    FOREIGN KEY (account_id, voice_route) REFERENCES direct_routing_routes (account_id, region),
    CHECK ((pbx_id IS NULL) <> (trunk_id IS NULL)),
    CHECK ((pbx_id IS NULL) = (sip_user IS NULL)),
    CHECK (pbx_id IS NOT NULL OR (auth_id IS NULL AND password IS NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_account ON users (account_id, id);
CREATE UNIQUE INDEX users_by_teams_user ON users (account_id, teams_user_canonical);
CREATE INDEX users_by_teams_user_everywhere ON users (teams_user_canonical);
CREATE INDEX users_by_pbx ON users (pbx_id, id) WHERE pbx_id IS NOT NULL;
CREATE INDEX users_by_trunk ON users (trunk_id, id) WHERE trunk_id IS NOT NULL;
CREATE INDEX users_by_voice_route ON users (account_id, voice_route, id);

-- Who is which SIP user of a domain, over all enterprises. A row goes with its user.
CREATE TABLE sip_users (
    sip_domain TEXT NOT NULL,
    sip_user TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    PRIMARY KEY (sip_domain, sip_user)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sip_users_by_user ON sip_users (user_id);

-- Who has which number, over all enterprises: the default number at position 0, the others behind it. `reversed` is
-- the number from its end, by which it is found without its country code. A row goes with its user.
CREATE TABLE phone_numbers (
    number TEXT PRIMARY KEY NOT NULL,
    reversed TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    position SMALLINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX phone_numbers_by_user ON phone_numbers (user_id, position);
CREATE INDEX phone_numbers_by_end ON phone_numbers (reversed);
