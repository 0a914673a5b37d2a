DROP TABLE directory_users;
DROP TABLE directories;
