DROP TABLE teams_queues;
DROP TABLE teams_users;
