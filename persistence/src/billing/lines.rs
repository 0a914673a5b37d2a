//! The lines of final reports. Once a period is final, the database itself refuses changes of its lines.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::account::Scope;
use domain::billing::{Amended, Line, Numbers, Period, Totals};
use domain::id::AccountId;
use domain::services::Service;
use uuid::Uuid;

use super::{LineFilter, parse_period, parse_service};
use crate::schema::billing_lines;
use crate::store::connection::{MultiBackend, StoreConnection, on};
use crate::store::error::Error;
use crate::store::key::Key;

/// How many lines one statement inserts. PostgreSQL allows 65,535 bound values per statement.
const BATCH: usize = 1_000;

/// The position of a line in its report. Lines are sorted by enterprise, service and reseller; the adjustments of a
/// line come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCursor {
    /// The enterprise.
    pub enterprise: Uuid,
    /// The service.
    pub service: Service,
    /// The reseller.
    pub reseller: Uuid,
    /// The id of the adjustment; all zeros for a line that is not an adjustment.
    pub line: Uuid,
}

impl LineCursor {
    /// The position after all lines of an enterprise.
    #[must_use]
    pub const fn after_enterprise(enterprise: AccountId) -> Self {
        Self { enterprise: enterprise.uuid(), service: Service::Trunk, reseller: Uuid::max(), line: Uuid::max() }
    }

    /// The position of a line.
    #[must_use]
    pub fn after(line: &Line) -> Self {
        Self {
            enterprise: line.enterprise_id.uuid(),
            service: line.service,
            reseller: line.reseller_id.uuid(),
            line: line.amends.map_or(Uuid::nil(), |amended| amended.adjustment.uuid()),
        }
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = billing_lines)]
#[diesel(treat_none_as_default_value = false)]
struct Row {
    period: String,
    enterprise_id: Key,
    service: String,
    reseller_id: Key,
    line: Key,
    master_reseller_id: Key,
    reseller_name: String,
    reseller_billing_reference: Option<String>,
    enterprise_name: String,
    enterprise_billing_reference: Option<String>,
    users_at_end: i64,
    users_peak: i64,
    user_days: i64,
    active_days: i64,
    suspended_days: i64,
    amended_period: Option<String>,
}

impl Row {
    fn new(period: Period, line: &Line) -> Self {
        let place = LineCursor::after(line);
        let Line {
            enterprise_id,
            service,
            reseller_id,
            master_reseller_id,
            reseller_name,
            reseller_billing_reference,
            enterprise_name,
            enterprise_billing_reference,
            numbers,
            amends,
        } = line;
        let Numbers { users_at_end, users_peak, user_days, active_days, suspended_days } = *numbers;
        Self {
            period: period.to_string(),
            enterprise_id: Key::from(*enterprise_id),
            service: service.as_str().to_owned(),
            reseller_id: Key::from(*reseller_id),
            line: Key::from(place.line),
            master_reseller_id: Key::from(*master_reseller_id),
            reseller_name: reseller_name.clone(),
            reseller_billing_reference: reseller_billing_reference.clone(),
            enterprise_name: enterprise_name.clone(),
            enterprise_billing_reference: enterprise_billing_reference.clone(),
            users_at_end,
            users_peak,
            user_days,
            active_days,
            suspended_days,
            amended_period: amends.map(|amended| amended.period.to_string()),
        }
    }

    fn line(self) -> Result<Line, Error> {
        let Self {
            period: _,
            enterprise_id,
            service,
            reseller_id,
            line,
            master_reseller_id,
            reseller_name,
            reseller_billing_reference,
            enterprise_name,
            enterprise_billing_reference,
            users_at_end,
            users_peak,
            user_days,
            active_days,
            suspended_days,
            amended_period,
        } = self;
        let amended = |period: String| {
            Ok::<_, Error>(Amended { adjustment: line.id::<domain::id::Adjustment>(), period: parse_period(&period)? })
        };
        Ok(Line {
            enterprise_id: enterprise_id.id(),
            service: parse_service(&service)?,
            reseller_id: reseller_id.id(),
            master_reseller_id: master_reseller_id.id(),
            reseller_name,
            reseller_billing_reference,
            enterprise_name,
            enterprise_billing_reference,
            numbers: Numbers { users_at_end, users_peak, user_days, active_days, suspended_days },
            amends: amended_period.map(amended).transpose()?,
        })
    }
}

/// Adds lines to a report that is being finalised.
pub fn insert(tx: &mut StoreConnection, period: Period, lines: &[Line]) -> Result<(), Error> {
    for batch in lines.chunks(BATCH) {
        let rows: Vec<Row> = batch.iter().map(|line| Row::new(period, line)).collect();
        on!(tx, connection => diesel::insert_into(billing_lines::table).values(rows).execute(connection))?;
    }
    Ok(())
}

/// Up to `limit` stored lines of a report that is final or being finalised, starting after a cursor.
pub fn list(
    tx: &mut StoreConnection,
    period: Period,
    filter: &LineFilter,
    after: Option<LineCursor>,
    limit: i64,
) -> Result<Vec<Line>, Error> {
    let LineFilter { scope, reseller, enterprise, service, billing_reference } = filter;
    let mut wanted = billing_lines::table
        .filter(billing_lines::period.eq(period.to_string()))
        .order((billing_lines::enterprise_id, billing_lines::service, billing_lines::reseller_id, billing_lines::line))
        .limit(limit)
        .into_boxed::<MultiBackend>();
    match *scope {
        Scope::Platform => {}
        Scope::MasterReseller(id) => wanted = wanted.filter(billing_lines::master_reseller_id.eq(Key::from(id))),
        Scope::Reseller(id) => wanted = wanted.filter(billing_lines::reseller_id.eq(Key::from(id))),
        Scope::Enterprise(id) => wanted = wanted.filter(billing_lines::enterprise_id.eq(Key::from(id))),
    }
    if let Some(id) = reseller {
        wanted = wanted.filter(billing_lines::reseller_id.eq(Key::from(*id)));
    }
    if let Some(id) = enterprise {
        wanted = wanted.filter(billing_lines::enterprise_id.eq(Key::from(*id)));
    }
    if let Some(service) = service {
        wanted = wanted.filter(billing_lines::service.eq(service.as_str()));
    }
    if let Some(reference) = billing_reference {
        let of_reseller = billing_lines::reseller_billing_reference.eq(reference);
        let of_enterprise = billing_lines::enterprise_billing_reference.eq(reference);
        wanted = if filter.sees_resellers() {
            wanted.filter(of_reseller.or(of_enterprise))
        } else {
            wanted.filter(of_enterprise)
        };
    }
    if let Some(LineCursor { enterprise, service, reseller, line }) = after {
        let (enterprise, reseller, line) = (Key::from(enterprise), Key::from(reseller), Key::from(line));
        let same_reseller = billing_lines::reseller_id.eq(reseller).and(billing_lines::line.gt(line));
        let later_reseller = billing_lines::reseller_id.gt(reseller).or(same_reseller);
        let same_service = billing_lines::service.eq(service.as_str()).and(later_reseller);
        let later_service = billing_lines::service.gt(service.as_str()).or(same_service);
        // The first condition is redundant, but lets the database use the index to find the enterprise.
        wanted = wanted
            .filter(billing_lines::enterprise_id.ge(enterprise))
            .filter(billing_lines::enterprise_id.gt(enterprise).or(later_service));
    }
    let rows: Vec<Row> = wanted.load(tx)?;
    rows.into_iter().map(Row::line).collect()
}

/// The totals of the lines of a final report in the scope, by service.
pub fn totals(tx: &mut StoreConnection, period: Period, scope: &Scope) -> Result<Vec<(Service, Totals)>, Error> {
    type Sums = (String, i64, i64, i64, i64, i64, i64);
    // On PostgreSQL, the sum of integers has a different type.
    let sums = billing_lines::table
        .filter(billing_lines::period.eq(period.to_string()))
        .group_by(billing_lines::service)
        .select((
            billing_lines::service,
            sql::<BigInt>("CAST(sum(CASE WHEN amended_period IS NULL THEN 1 ELSE 0 END) AS BIGINT)"),
            sql::<BigInt>("CAST(sum(users_at_end) AS BIGINT)"),
            sql::<BigInt>("CAST(sum(users_peak) AS BIGINT)"),
            sql::<BigInt>("CAST(sum(user_days) AS BIGINT)"),
            sql::<BigInt>("CAST(sum(active_days) AS BIGINT)"),
            sql::<BigInt>("CAST(sum(suspended_days) AS BIGINT)"),
        ))
        .into_boxed::<MultiBackend>();
    let rows: Vec<Sums> = match *scope {
        Scope::Platform => sums.load(tx)?,
        Scope::MasterReseller(id) => sums.filter(billing_lines::master_reseller_id.eq(Key::from(id))).load(tx)?,
        Scope::Reseller(id) => sums.filter(billing_lines::reseller_id.eq(Key::from(id))).load(tx)?,
        Scope::Enterprise(id) => sums.filter(billing_lines::enterprise_id.eq(Key::from(id))).load(tx)?,
    };
    let parsed = rows.into_iter().map(|row| {
        let (service, enterprises, users_at_end, users_peak, user_days, active_days, suspended_days) = row;
        let numbers = Numbers { users_at_end, users_peak, user_days, active_days, suspended_days };
        Ok((parse_service(&service)?, Totals { enterprises, numbers }))
    });
    parsed.collect()
}

/// The position of the last stored line of a report; `None` if there is none.
pub fn last(tx: &mut StoreConnection, period: Period) -> Result<Option<LineCursor>, Error> {
    let last: Option<Row> = billing_lines::table
        .filter(billing_lines::period.eq(period.to_string()))
        .order((
            billing_lines::enterprise_id.desc(),
            billing_lines::service.desc(),
            billing_lines::reseller_id.desc(),
            billing_lines::line.desc(),
        ))
        .first(tx)
        .optional()?;
    last.map(|row| Ok(LineCursor::after(&row.line()?))).transpose()
}

/// The line of an enterprise, service and reseller in a final report, not counting adjustments.
pub fn find(
    tx: &mut StoreConnection,
    period: Period,
    enterprise: AccountId,
    service: Service,
    reseller: AccountId,
) -> Result<Option<Line>, Error> {
    let row: Option<Row> = billing_lines::table
        .filter(billing_lines::period.eq(period.to_string()))
        .filter(billing_lines::enterprise_id.eq(Key::from(enterprise)))
        .filter(billing_lines::service.eq(service.as_str()))
        .filter(billing_lines::reseller_id.eq(Key::from(reseller)))
        .filter(billing_lines::line.eq(Key::from(Uuid::nil())))
        .first(tx)
        .optional()?;
    row.map(Row::line).transpose()
}
