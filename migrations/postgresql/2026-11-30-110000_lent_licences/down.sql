DROP TABLE lent_licences;
