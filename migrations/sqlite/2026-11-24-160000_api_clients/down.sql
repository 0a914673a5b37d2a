ALTER TABLE support_tickets DROP COLUMN decided_by_client;
DROP TABLE api_client_secrets;
DROP TABLE api_clients;
