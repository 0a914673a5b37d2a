DROP TABLE billing_lines;
DROP TABLE billing_adjustments;
DROP TABLE billing_periods;
DROP TABLE user_history;
DROP TABLE account_history;
