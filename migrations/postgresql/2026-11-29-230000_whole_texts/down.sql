DROP INDEX accounts_by_billing_reference;
DROP INDEX accounts_by_name;
