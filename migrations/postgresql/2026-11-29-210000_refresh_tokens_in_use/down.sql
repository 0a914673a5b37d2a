DROP INDEX refresh_tokens_in_use;
