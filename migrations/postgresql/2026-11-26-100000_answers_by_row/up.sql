-- PostgreSQL keeps all rows beside their indexes.
SELECT 1;
