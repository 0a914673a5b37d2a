//! Response bodies and filters of billing reports.

use chrono::{DateTime, Utc};
use domain::account::{Scope, Tier};
use domain::billing::{Line, Numbers, Period, Totals};
use domain::id::AccountId;
use domain::limits::{self, BILLING_REFERENCE_MAX};
use domain::services::Service;
use persistence::billing::LineFilter;
use persistence::billing::periods::Final;
use serde::Serialize;
use utoipa::ToSchema;

use super::csv::{self, Frame};
use super::report::Report;
use crate::error::Result;
use crate::http::query::{Query, search_text};
use crate::shown;
use crate::views::account::ServiceView;

/// Whether a report can still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// Not final: it is counted anew for each request.
    Open,
    /// Final: it never changes again.
    Final,
}

impl ReportStatus {
    fn from_final(sealed: Option<&Final>) -> Self {
        if sealed.is_some() { Self::Final } else { Self::Open }
    }
}

/// The usage of one service by one enterprise in the period. With `amends`, a correction of such a line of an earlier
/// period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z", "reseller_name": "Nordwind Telefonie GmbH", "reseller_billing_reference": "CUST-4711", "enterprise_name": "Kiosk am Tor", "enterprise_billing_reference": "K-0815", "amends": null}))]
pub struct BillingLine {
    /// The first instant of the period.
    #[schema(value_type = shown::InstantText, format = DateTime)]
    pub period_start: String,
    /// The end of the period, exclusive: the first instant of the next month.
    #[schema(value_type = shown::InstantText, format = DateTime)]
    pub period_end: String,
    /// The status of the report: `open` or `final`.
    #[schema(value_type = ReportStatus)]
    pub status: &'static str,
    /// The id of the reseller that sold the service.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: String,
    /// The reseller's name at the end of the period; `null` if you are an enterprise.
    #[schema(value_type = Option<shown::Name>)]
    pub reseller_name: Option<String>,
    /// The reseller's reference in its master reseller's billing system; `null` if it has none or if you are an
    /// enterprise.
    #[schema(value_type = Option<shown::Reference>)]
    pub reseller_billing_reference: Option<String>,
    /// The id of the enterprise.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub enterprise_id: String,
    /// The enterprise's name at the end of the period, or when it was closed.
    #[schema(value_type = shown::Name)]
    pub enterprise_name: String,
    /// The enterprise's reference in its reseller's billing system; `null` if it has none.
    #[schema(value_type = Option<shown::Reference>)]
    pub enterprise_billing_reference: Option<String>,
    /// The service.
    pub service: ServiceView,
    /// Number of users at the end of the period. In the current month: now.
    #[schema(example = 12)]
    pub users_at_end: i64,
    /// Highest number of users at the same time.
    #[schema(example = 14)]
    pub users_peak: i64,
    /// For each user, the number of UTC days on which it existed at any moment; the sum over all users.
    #[schema(example = 380)]
    pub user_days: i64,
    /// Number of UTC days on which, at any moment, the enterprise had the service and operated.
    #[schema(example = 30)]
    pub active_days: i64,
    /// Number of UTC days on which, at any moment, the enterprise had the service and was suspended, by itself or
    /// through an account above it. A day can count as active and as suspended.
    #[schema(example = 2)]
    pub suspended_days: i64,
    /// For a correction, the line that it corrects, as `period/reseller/enterprise/service`; `null` for a counted line.
    #[schema(value_type = Option<shown::LineName>)]
    pub amends: Option<String>,
}

impl BillingLine {
    /// Builds the view of a line.
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

/// The name of a line, as `period/reseller/enterprise/service`. Corrections refer to lines by it.
#[must_use]
pub fn line_name(period: Period, line: &Line) -> String {
    line_name_of(period, line.reseller_id, line.enterprise_id, line.service)
}

/// The name of a line, as `period/reseller/enterprise/service`, from its parts.
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
    /// The start of the period: its first instant.
    pub period_start: DateTime<Utc>,
    /// The end of the period, exclusive: the first instant of the next month.
    pub period_end: DateTime<Utc>,
    /// Whether the report can still change.
    pub status: ReportStatus,
    /// When the report was finalised; `null` while it is open.
    pub finalised_at: Option<DateTime<Utc>>,
    /// SHA-256, in hexadecimal, of the whole final report as CSV, as the platform reads it; `null` while the report is
    /// open.
    #[schema(value_type = Option<shown::Sha256>)]
    pub sha256: Option<String>,
    /// The lines of this page, sorted by enterprise (oldest first), service and reseller. Each line is followed by its
    /// corrections.
    #[schema(value_type = Lines)]
    pub items: Vec<BillingLine>,
    /// Send it as `cursor` to get the next page; `null` on the last page.
    #[schema(value_type = Option<shown::LineCursor>)]
    pub next_cursor: Option<String>,
}

impl BillingReport {
    /// Builds a page of a report from its lines.
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

/// The values that all lines of a report share.
#[must_use]
pub fn frame(report: &Report) -> Frame {
    let csv_form = report.sealed.as_ref().map_or(csv::FORM, |sealed| sealed.csv_form);
    Frame::new(report.period, report.sealed.is_some(), report.filter.sees_resellers(), csv_form)
}

/// Formats bytes in lowercase hexadecimal.
#[must_use]
pub fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

/// The totals of billing lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct BillingTotals {
    /// Number of enterprises that have a line. Corrections are not counted.
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

/// The totals of all lines by service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct BillingTotalsByService {
    /// Totals of "PBX Connector" (`pbx`).
    pub pbx: BillingTotals,
    /// Totals of "SIP Trunk" (`trunk`).
    pub trunk: BillingTotals,
}

/// A period with the totals of its report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"period": "2026-10"}))]
pub struct BillingPeriod {
    /// The period: a calendar month in UTC.
    #[schema(value_type = shown::Period)]
    pub period: String,
    /// The start of the period: its first instant.
    pub period_start: DateTime<Utc>,
    /// The end of the period, exclusive: the first instant of the next month.
    pub period_end: DateTime<Utc>,
    /// Whether the report can still change.
    pub status: ReportStatus,
    /// When the report was finalised; `null` while it is open.
    pub finalised_at: Option<DateTime<Utc>>,
    /// SHA-256, in hexadecimal, of the whole final report as CSV, as the platform reads it; `null` while the report is
    /// open.
    #[schema(value_type = Option<shown::Sha256>)]
    pub sha256: Option<String>,
    /// The totals of all lines that you can see.
    pub totals: BillingTotalsByService,
}

impl BillingPeriod {
    /// Builds an entry of the list of reports.
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
    /// The periods of this page, latest first.
    #[schema(value_type = Periods)]
    pub items: Vec<BillingPeriod>,
    /// Send it as `cursor` to get the next page; `null` on the last page.
    #[schema(value_type = Option<shown::Cursor>)]
    pub next_cursor: Option<String>,
}

/// The usage of one service by all enterprises of a reseller, compared with the previous period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"reseller_name": "Nordwind Telefonie GmbH", "reseller_billing_reference": "CUST-4711"}))]
pub struct BillingSummaryItem {
    /// The id of the reseller.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: String,
    /// The reseller's name at the end of the period; `null` if you are an enterprise.
    #[schema(value_type = Option<shown::Name>)]
    pub reseller_name: Option<String>,
    /// The reseller's reference in its master reseller's billing system; `null` if it has none or if you are an
    /// enterprise.
    #[schema(value_type = Option<shown::Reference>)]
    pub reseller_billing_reference: Option<String>,
    /// The service.
    pub service: ServiceView,
    /// The totals of its lines in this period.
    pub current: BillingTotals,
    /// The totals of its lines in the previous period.
    pub previous: BillingTotals,
    /// `current` minus `previous`; negative for a decrease.
    pub change: BillingTotals,
}

impl BillingSummaryItem {
    /// Builds the summary of one reseller and service. `line` is any of its lines, for its names.
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
    /// The previous period.
    #[schema(value_type = shown::Period)]
    pub previous_period: String,
    /// Whether the report of the period can still change.
    pub status: ReportStatus,
    /// One entry for each reseller of this page and each of its services.
    #[schema(value_type = SummaryItems)]
    pub items: Vec<BillingSummaryItem>,
    /// Send it as `cursor` to get the next page; `null` on the last page.
    #[schema(value_type = Option<shown::Cursor>)]
    pub next_cursor: Option<String>,
}

impl BillingSummary {
    /// Builds a page of a summary from its entries.
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

/// Reads the filters for a report's lines from the query.
pub fn line_filter(scope: Scope, query: &mut Query) -> Result<LineFilter> {
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

type Periods = shown::Many<BillingPeriod, 0, { shown::items(limits::PERIODS_MAX) }>;
type Lines = shown::Many<BillingLine, 0, { shown::items(limits::PAGE_MAX) }>;
type SummaryItems = shown::Many<BillingSummaryItem, 0, { limits::SUMMARY_ITEMS_MAX }>;
