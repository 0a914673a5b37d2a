ALTER TABLE billing_periods DROP COLUMN csv_form;
