DROP TABLE taken_claims;
