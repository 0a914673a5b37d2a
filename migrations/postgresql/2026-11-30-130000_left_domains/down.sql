DROP TABLE left_domains;
