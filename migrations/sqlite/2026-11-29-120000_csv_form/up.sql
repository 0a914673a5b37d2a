-- In which form a final report is written as CSV, so that its checksum stays right: 1 quotes only what has to be quoted,
-- 2 quotes everything.
ALTER TABLE billing_periods ADD COLUMN csv_form INTEGER NOT NULL DEFAULT 1;
