//! Billing reports on the wire.

use chrono::{DateTime, Utc};
use domain::account::{Scope, Tier};
use domain::billing::{Line, Numbers, Period, Totals};
use domain::id::AccountId;
use domain::limits;
use domain::limits::BILLING_REFERENCE_MAX;
use domain::services::Service;
use persistence::billing::LineFilter;
use persistence::billing::periods::Final;
use serde::Serialize;
use utoipa::ToSchema;

use super::csv::Frame;
use super::report::Report;
use crate::error::Error;
use crate::http::query::{Query, search_text};
use crate::shown;
use crate::views::account::ServiceView;

/// Whether a report can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// Counted anew whenever it is asked for.
    Open,
    /// The same for ever.
    Final,
}

impl ReportStatus {
    fn from_final(sealed: Option<&Final>) -> Self {
        if sealed.is_some() { Self::Final } else { Self::Open }
    }
}

/// What one enterprise had of one service in the period; or, with `amends`, a correction of that in an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z", "reseller_name": "Nordwind Telefonie GmbH", "reseller_billing_reference": "CUST-4711", "enterprise_name": "Kiosk am Tor", "enterprise_billing_reference": "K-0815", "amends": null}))]
pub struct BillingLine {
    /// The first instant of the period.
    #[schema(value_type = shown::InstantText, format = DateTime)]
    pub period_start: String,
    /// The first instant behind it.
    #[schema(value_type = shown::InstantText, format = DateTime)]
    pub period_end: String,
    /// `open` or `final`: that of the report.
    #[schema(value_type = ReportStatus)]
    pub status: &'static str,
    /// The reseller that sold the service.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: String,
    /// Its name at the end of the period; `null` for an enterprise, which does not see it.
    #[schema(value_type = Option<shown::Name>)]
    pub reseller_name: Option<String>,
    /// What it is called in its master reseller's billing system; `null` for an enterprise, which does not see it.
    #[schema(value_type = Option<shown::Reference>)]
    pub reseller_billing_reference: Option<String>,
    /// The enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// Its name at the end of the period, or when it was closed.
    #[schema(value_type = shown::Name)]
    pub enterprise_name: String,
    /// What it is called in its reseller's billing system; `null` if it has no reference.
    #[schema(value_type = Option<shown::Reference>)]
    pub enterprise_billing_reference: Option<String>,
    /// The service.
    pub service: ServiceView,
    /// Users at the last moment of the period; of an open one, now.
    #[schema(example = 12)]
    pub users_at_end: i64,
    /// Most users at the same time.
    #[schema(example = 14)]
    pub users_peak: i64,
    /// For each user, the UTC days on which it was there at any moment; all together.
    #[schema(example = 380)]
    pub user_days: i64,
    /// UTC days on which the enterprise had the service and operated at any moment.
    #[schema(example = 30)]
    pub active_days: i64,
    /// UTC days on which it had the service and was stopped at any moment, by its own suspension or one above it.
    #[schema(example = 2)]
    pub suspended_days: i64,
    /// The line that this one corrects, as `period/reseller/enterprise/service`; `null` of what was counted.
    #[schema(value_type = Option<shown::LineName>)]
    pub amends: Option<String>,
}

impl BillingLine {
    /// How a line looks in a report.
    #[must_use]
    pub fn new(frame: &Frame, line: Line) -> Self {
        let amends = line.amends.map(|amended| line_name(amended.period, &line));
        let Line {
            enterprise_id,
            service,
            reseller_id,
            master_reseller_id: _,
            reseller_name,
            reseller_billing_reference,
            enterprise_name,
            enterprise_billing_reference,
            numbers,
            amends: _,
        } = line;
        let Numbers { users_at_end, users_peak, user_days, active_days, suspended_days } = numbers;
        Self {
            period_start: frame.period_start.clone(),
            period_end: frame.period_end.clone(),
            status: frame.status,
            reseller_id: Tier::Reseller.format_id(reseller_id),
            reseller_name: frame.shows_reseller.then_some(reseller_name),
            reseller_billing_reference: reseller_billing_reference.filter(|_| frame.shows_reseller),
            enterprise_id: Tier::Enterprise.format_id(enterprise_id),
            enterprise_name,
            enterprise_billing_reference,
            service: service_view(service),
            users_at_end,
            users_peak,
            user_days,
            active_days,
            suspended_days,
            amends,
        }
    }
}

/// What a line of a period is called where a correction names it.
#[must_use]
pub fn line_name(period: Period, line: &Line) -> String {
    line_name_of(period, line.reseller_id, line.enterprise_id, line.service)
}

/// The same by what names the line.
#[must_use]
pub fn line_name_of(period: Period, reseller: AccountId, enterprise: AccountId, service: Service) -> String {
    let (reseller, enterprise) = (Tier::Reseller.format_id(reseller), Tier::Enterprise.format_id(enterprise));
    format!("{period}/{reseller}/{enterprise}/{}", service.as_str())
}

fn service_view(service: Service) -> ServiceView {
    match service {
        Service::Pbx => ServiceView::Pbx,
        Service::Trunk => ServiceView::Trunk,
    }
}

/// A page of a report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"period": "2026-10"}))]
pub struct BillingReport {
    /// The period: a calendar month in UTC.
    #[schema(value_type = shown::Period)]
    pub period: String,
    /// Its first instant.
    pub period_start: DateTime<Utc>,
    /// The first instant behind it.
    pub period_end: DateTime<Utc>,
    /// Whether it can still change.
    pub status: ReportStatus,
    /// When it was made final; `null` while it is open.
    pub finalised_at: Option<DateTime<Utc>>,
    /// Of a final report: the SHA-256, in hexadecimal, of the whole of it as CSV, as the platform reads it.
    #[schema(value_type = Option<shown::Sha256>)]
    pub sha256: Option<String>,
    /// The lines of this page, in the order of enterprises, services and resellers, each followed by its corrections.
    #[schema(value_type = Lines)]
    pub items: Vec<BillingLine>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(value_type = Option<shown::LineCursor>)]
    pub next_cursor: Option<String>,
}

impl BillingReport {
    /// A page with these lines.
    #[must_use]
    pub fn page(report: &Report, lines: Vec<Line>, next_cursor: Option<String>) -> Self {
        let frame = frame(report);
        Self {
            period: report.period.to_string(),
            period_start: report.period.start(),
            period_end: report.period.end(),
            status: ReportStatus::from_final(report.sealed.as_ref()),
            finalised_at: report.sealed.as_ref().map(|sealed| sealed.finalised_at),
            sha256: report.sealed.as_ref().map(|sealed| hexadecimal(&sealed.sha256)),
            items: lines.into_iter().map(|line| BillingLine::new(&frame, line)).collect(),
            next_cursor,
        }
    }
}

/// What the lines of a report have in common.
#[must_use]
pub fn frame(report: &Report) -> Frame {
    Frame::new(report.period, report.sealed.is_some(), report.filter.sees_resellers())
}

/// Octets in hexadecimal.
#[must_use]
pub fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

/// Numbers of lines added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct BillingTotals {
    /// Enterprises with a line; corrections are not counted here.
    #[schema(example = 120)]
    pub enterprises: i64,
    /// The sum of the lines' `users_at_end`.
    #[schema(example = 1200)]
    pub users_at_end: i64,
    /// The sum of the lines' `users_peak`.
    #[schema(example = 1250)]
    pub users_peak: i64,
    /// The sum of the lines' `user_days`.
    #[schema(example = 36800)]
    pub user_days: i64,
    /// The sum of the lines' `active_days`.
    #[schema(example = 3600)]
    pub active_days: i64,
    /// The sum of the lines' `suspended_days`.
    #[schema(example = 12)]
    pub suspended_days: i64,
}

impl From<Totals> for BillingTotals {
    fn from(Totals { enterprises, numbers }: Totals) -> Self {
        let Numbers { users_at_end, users_peak, user_days, active_days, suspended_days } = numbers;
        Self { enterprises, users_at_end, users_peak, user_days, active_days, suspended_days }
    }
}

/// The numbers of all lines by service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct BillingTotalsByService {
    /// Of the lines of "PBX Connector".
    pub pbx: BillingTotals,
    /// Of the lines of "SIP Trunk".
    pub trunk: BillingTotals,
}

/// A period and what its report adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"period": "2026-10"}))]
pub struct BillingPeriod {
    /// The period: a calendar month in UTC.
    #[schema(value_type = shown::Period)]
    pub period: String,
    /// Its first instant.
    pub period_start: DateTime<Utc>,
    /// The first instant behind it.
    pub period_end: DateTime<Utc>,
    /// Whether its report can still change.
    pub status: ReportStatus,
    /// When the report was made final; `null` while it is open.
    pub finalised_at: Option<DateTime<Utc>>,
    /// Of a final report: the SHA-256, in hexadecimal, of the whole of it as CSV, as the platform reads it.
    #[schema(value_type = Option<shown::Sha256>)]
    pub sha256: Option<String>,
    /// What the lines that you see add up to.
    pub totals: BillingTotalsByService,
}

impl BillingPeriod {
    /// How a report looks in the list of them.
    #[must_use]
    pub fn new(period: Period, sealed: Option<&Final>, [pbx, trunk]: [Totals; 2]) -> Self {
        Self {
            period: period.to_string(),
            period_start: period.start(),
            period_end: period.end(),
            status: ReportStatus::from_final(sealed),
            finalised_at: sealed.map(|sealed| sealed.finalised_at),
            sha256: sealed.map(|sealed| hexadecimal(&sealed.sha256)),
            totals: BillingTotalsByService { pbx: pbx.into(), trunk: trunk.into() },
        }
    }
}

/// A page of periods.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillingPeriodPage {
    /// The periods of this page, the latest first.
    #[schema(value_type = Periods)]
    pub items: Vec<BillingPeriod>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(value_type = Option<shown::Cursor>)]
    pub next_cursor: Option<String>,
}

/// What a reseller's enterprises had of a service, beside the period before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"reseller_name": "Nordwind Telefonie GmbH", "reseller_billing_reference": "CUST-4711"}))]
pub struct BillingSummaryItem {
    /// The reseller.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: String,
    /// Its name at the end of the period; `null` for an enterprise, which does not see it.
    #[schema(value_type = Option<shown::Name>)]
    pub reseller_name: Option<String>,
    /// What it is called in its master reseller's billing system; `null` for an enterprise, which does not see it.
    #[schema(value_type = Option<shown::Reference>)]
    pub reseller_billing_reference: Option<String>,
    /// The service.
    pub service: ServiceView,
    /// What its lines add up to.
    pub current: BillingTotals,
    /// What they added up to in the period before.
    pub previous: BillingTotals,
    /// What was added since, negative where it became less.
    pub change: BillingTotals,
}

impl BillingSummaryItem {
    /// Of a reseller, whose line it is called after, and a service.
    #[must_use]
    pub fn new(frame: &Frame, line: &Line, current: Totals, previous: Totals) -> Self {
        Self {
            reseller_id: Tier::Reseller.format_id(line.reseller_id),
            reseller_name: frame.shows_reseller.then(|| line.reseller_name.clone()),
            reseller_billing_reference: line.reseller_billing_reference.clone().filter(|_| frame.shows_reseller),
            service: service_view(line.service),
            current: current.into(),
            previous: previous.into(),
            change: current.minus(previous).into(),
        }
    }
}

/// A page of a summary.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"period": "2026-10", "previous_period": "2026-09"}))]
pub struct BillingSummary {
    /// The period: a calendar month in UTC.
    #[schema(value_type = shown::Period)]
    pub period: String,
    /// The period before.
    #[schema(value_type = shown::Period)]
    pub previous_period: String,
    /// Whether the report of the period can still change.
    pub status: ReportStatus,
    /// The resellers of this page and their services.
    #[schema(value_type = SummaryItems)]
    pub items: Vec<BillingSummaryItem>,
    /// Give it as `cursor` to get the next page; `null` on the last one.
    #[schema(value_type = Option<shown::Cursor>)]
    pub next_cursor: Option<String>,
}

impl BillingSummary {
    /// A page with these items.
    #[must_use]
    pub fn page(report: &Report, items: Vec<BillingSummaryItem>, next_cursor: Option<String>) -> Self {
        Self {
            period: report.period.to_string(),
            previous_period: report.period.previous().to_string(),
            status: ReportStatus::from_final(report.sealed.as_ref()),
            items,
            next_cursor,
        }
    }
}

/// Takes the filters of a report's lines.
pub fn line_filter(scope: Scope, query: &mut Query) -> Result<LineFilter, Error> {
    Ok(LineFilter {
        scope,
        reseller: query.parameter("reseller_id", "the id of a reseller", |text| Tier::Reseller.parse_id(text))?,
        enterprise: query
            .parameter("enterprise_id", "the id of an enterprise", |text| Tier::Enterprise.parse_id(text))?,
        service: query.parameter("service", "pbx or trunk", Service::parse)?,
        billing_reference: query
            .parameter("billing_reference", "1–255 characters", |text| search_text(text, BILLING_REFERENCE_MAX))?,
    })
}

/// The periods of a page.
type Periods = shown::Many<BillingPeriod, 0, { shown::items(limits::PERIODS_MAX) }>;

/// The lines of a page.
type Lines = shown::Many<BillingLine, 0, { shown::items(limits::PAGE_MAX) }>;

/// The lines of a summary.
type SummaryItems = shown::Many<BillingSummaryItem, 0, { limits::SUMMARY_ITEMS_MAX }>;
