DROP TABLE phone_numbers;
DROP TABLE sip_users;
DROP TABLE users;
DROP TABLE trunks;
DROP TABLE pbxes;
