-- A password that the service generated, which its member has to replace before anything else.
ALTER TABLE members ADD COLUMN password_is_temporary boolean NOT NULL DEFAULT FALSE;
-- Whether somebody has decided on the second factor. Until then, the platform's requirement follows the public URL.
ALTER TABLE accounts ADD COLUMN second_factor_decided boolean NOT NULL DEFAULT FALSE;
