//! Parsing what requests about accounts of all tiers have in common.

use domain::fault::Fault;
use domain::services::Services;
use domain::values::email::EmailAddress;
use domain::values::text::{AccountName, BillingReference};

use crate::http::{Field, Members};

/// Parses a name.
pub fn name(text: &str) -> Result<AccountName, Fault> {
    AccountName::parse(text)
}

/// Parses an address.
pub fn email(text: &str) -> Result<EmailAddress, Fault> {
    EmailAddress::parse(text)
}

/// Parses a billing reference.
pub fn billing_reference(text: &str) -> Result<BillingReference, Fault> {
    BillingReference::parse(text)
}

/// Parses a selection of services, each wrong name with a pointer of its own.
pub fn services(members: &mut Members, field: Field<Vec<String>>, required: bool) -> Option<Services> {
    let names = if required {
        members.required("/services", field, |names| Ok(names.to_vec()))?
    } else {
        members.optional("/services", field, |names| Ok(names.to_vec()))?
    };
    members.selection("/services", Services::parse(names.iter().map(String::as_str)))
}
