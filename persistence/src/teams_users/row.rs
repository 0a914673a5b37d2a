//! A user in Teams as a row.

use diesel::prelude::*;
use domain::id::AccountId;
use domain::teams::{Failure, FailureCode, Found, Missing, Policy, Progress, State, TeamsUser};
use domain::values::phone_number::PhoneNumber;
use domain::values::tenant::Tenant;
use domain::values::user_principal_name::UserPrincipalName;

use crate::schema::teams_users;
use crate::store::error::Error;
use crate::store::key::Key;
use crate::store::time::{Instant, column, instant};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = teams_users, primary_key(user_id))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Row {
    user_id: Key,
    account_id: Key,
    tenant: String,
    teams_user: String,
    teams_user_canonical: String,
    state: String,
    progress: String,
    replaces: bool,
    person_id: Option<Key>,
    number: Option<String>,
    policy_id: Option<String>,
    policy_name: Option<String>,
    operation: Option<String>,
    assigning_until: Option<Instant>,
    missing: Option<String>,
    waits_since: Instant,
    found_number: Option<String>,
    found_policy: Option<String>,
    failure: Option<String>,
    failure_detail: Option<String>,
    failure_request_id: Option<String>,
    since: Instant,
    attempts: i32,
    due_at: Instant,
}

impl Row {
    pub(super) fn new(user: &TeamsUser) -> Self {
        let TeamsUser {
            user: id,
            account,
            tenant,
            teams_user,
            state,
            progress,
            replaces,
            person,
            number,
            policy,
            operation,
            assigning_until,
            missing,
            waits_since,
            found,
            failure,
            since,
            attempts,
            due_at,
        } = user;
        Self {
            user_id: Key::from(*id),
            account_id: Key::from(*account),
            tenant: tenant.as_str().to_owned(),
            teams_user: teams_user.given().to_owned(),
            teams_user_canonical: teams_user.canonical().to_owned(),
            state: state.as_str().to_owned(),
            progress: progress.as_str().to_owned(),
            replaces: *replaces,
            person_id: person.map(Key::from),
            number: number.as_ref().map(|number| number.as_str().to_owned()),
            policy_id: policy.as_ref().and_then(|policy| policy.id.clone()),
            policy_name: policy.as_ref().map(|policy| policy.name.clone()),
            operation: operation.clone(),
            assigning_until: assigning_until.map(column),
            missing: missing.map(|missing| missing.as_str().to_owned()),
            waits_since: column(*waits_since),
            found_number: found.as_ref().and_then(|found| found.number.clone()),
            found_policy: found.as_ref().and_then(|found| found.policy.clone()),
            failure: failure.as_ref().map(|failure| failure.code.as_str().to_owned()),
            failure_detail: failure.as_ref().map(|failure| failure.detail.clone()),
            failure_request_id: failure.as_ref().and_then(|failure| failure.request_id.clone()),
            since: column(*since),
            attempts: *attempts,
            due_at: column(*due_at),
        }
    }

    pub(super) fn user(self) -> Result<TeamsUser, Error> {
        let Self {
            user_id,
            account_id,
            tenant,
            teams_user,
            teams_user_canonical: _,
            state,
            progress,
            replaces,
            person_id,
            number,
            policy_id,
            policy_name,
            operation,
            assigning_until,
            missing,
            waits_since,
            found_number,
            found_policy,
            failure,
            failure_detail,
            failure_request_id,
            since,
            attempts,
            due_at,
        } = self;
        let corrupt = |what: &str| Error::Corrupt(format!("user in Teams: {what}"));
        let state = State::parse(&state).ok_or_else(|| corrupt("state"))?;
        let failure = failure.zip(failure_detail).map(|(code, detail)| {
            let code = FailureCode::parse(&code).ok_or_else(|| corrupt("failure"))?;
            Ok::<_, Error>(Failure { code, detail, request_id: failure_request_id })
        });
        let account: AccountId = account_id.id();
        Ok(TeamsUser {
            user: user_id.id(),
            account,
            tenant: Tenant::parse(&tenant).map_err(|_| corrupt("tenant"))?,
            teams_user: UserPrincipalName::parse(&teams_user).map_err(|_| corrupt("name"))?,
            state,
            progress: Progress::parse(&progress).ok_or_else(|| corrupt("progress"))?,
            replaces,
            person: person_id.map(Key::uuid),
            number: number.map(|text| PhoneNumber::parse(&text)).transpose().map_err(|_| corrupt("number"))?,
            policy: policy_name.map(|name| Policy { id: policy_id, name }),
            operation,
            assigning_until: assigning_until.map(instant),
            waits_since: instant(waits_since),
            missing: missing.map(|text| Missing::parse(&text).ok_or_else(|| corrupt("missing"))).transpose()?,
            found: (state == State::Drifted).then_some(Found { number: found_number, policy: found_policy }),
            failure: failure.transpose()?,
            since: instant(since),
            attempts,
            due_at: instant(due_at),
        })
    }
}
