DROP TABLE enterprise_sbc_regions;
DROP TABLE enterprises;
