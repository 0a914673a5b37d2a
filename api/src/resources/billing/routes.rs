//! The operations of `/billing-reports`.

use actix_web::http::header;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use domain::authority::Target;
use domain::billing::Period;
use domain::id::AccountId;
use domain::limits::{PAGE_DEFAULT, PAGE_MAX, PERIODS_DEFAULT, PERIODS_MAX};
use domain::principal::Principal;
use domain::services::Service as Sold;
use futures_util::{Stream, stream};
use persistence::billing::lines::LineCursor;
use persistence::billing::{LineFilter, periods as final_periods};
use uuid::Uuid;

use super::csv::Frame;
use super::format::{Format, written};
use super::report::{Reader, Report, periods};
use super::wire::{BillingLine, BillingPeriod, BillingPeriodPage, BillingReport, BillingSummary, frame, line_filter};
use super::{chart, operations, report, summary};
use crate::access::{Change, Read};
use crate::app::Call;
use crate::error::{Error, ErrorCode, Result};
use crate::http::idempotency::{Caller, IdempotentRequest};
use crate::http::page::Paging;
use crate::http::params::IdempotencyKeyHeader;
use crate::http::pieces::PIECE;
use crate::http::query::Query;
use crate::http::{Answer, IdempotencyKey};
use crate::places::Place;
use crate::shown;

pub(super) const PATH: &str = "/billing-reports";

/// List billing reports
///
/// Lists the periods that have a report, latest first, each with the totals of the lines that you can see. The list
/// includes the current month, counted up to now.
#[utoipa::path(
    params(
        ("limit" = Option<shown::PeriodLimit>, Query, description = "Maximum number of periods on a page.", example = 3),
        ("cursor" = Option<shown::Cursor>, Query, description = "`next_cursor` from the previous page."),
    ),
    responses((status = 200, description = "A page of periods.", body = BillingPeriodPage)),
)]
#[get("")]
pub(crate) async fn list_billing_reports(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    let found = call.read_long(move |tx, actor| {
        let now = tx.now;
        actor.may(Target::BillingReports)?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query_in_order(PATH, &text, &mut query, (PERIODS_DEFAULT, PERIODS_MAX))?;
        query.finish()?;
        let caller = actor.name();
        let after = paging.after_key(&caller, |place| Period::parse(std::str::from_utf8(place).ok()?))?;
        let (first, latest) = periods(tx, now)?.into_inner();
        let mut period = after.map_or(latest, Period::previous);
        let mut reports = Vec::new();
        while period >= first && reports.len() <= usize::try_from(paging.limit).unwrap_or_default() {
            reports.push(Report::load(tx, period, LineFilter::all(actor.scope()), now)?);
            period = period.previous();
        }
        let (next_cursor, link) = paging.split_page(&caller, &mut reports, |report| report.period.to_string());
        Ok((reports, next_cursor, link))
    });
    let (reports, next_cursor, link) = found.await?;
    let mut items = Vec::new();
    for report in reports {
        let (period, sealed) = (report.period, report.sealed.clone());
        items.push(BillingPeriod::new(period, sealed.as_ref(), summary::totals(&call.app, report).await?));
    }
    Ok(Answer { link, ..Answer::ok(&BillingPeriodPage { items, next_cursor })? })
}

/// Read a billing report
///
/// Returns the usage of each service by each enterprise that you can see in a calendar month (UTC), with the billing
/// references of reseller and enterprise. JSON is returned page by page. The whole report can be streamed as CSV
/// (`Accept: text/csv` or `format=csv`) or as NDJSON, one JSON object per line (`Accept: application/x-ndjson` or
/// `format=ndjson`). In CSV, everything is quoted, and what a spreadsheet would take for a formula gets a leading `'`, also after a
/// semicolon, tab or line break within a text. A report that is
/// not final is counted anew for each request. A caller can download 4 whole reports at a time. See docs/billing.md for the rules of counting.
#[utoipa::path(
    params(
        ("period" = shown::Period, Path, description = "A calendar month in UTC.", example = "2026-10"),
        ("format" = Option<shown::FormatName>, Query, description = "`json`, `csv` or `ndjson`. Takes precedence over `Accept`.", example = "json"),
        ("reseller_id" = Option<String>, Query, description = "Only lines of this reseller."),
        ("enterprise_id" = Option<String>, Query, description = "Only lines of this enterprise."),
        ("service" = Option<crate::views::account::ServiceView>, Query, description = "Only lines of this service."),
        ("billing_reference" = Option<shown::Reference>, Query, description = "Only lines whose reseller or enterprise has exactly this billing reference."),
        ("limit" = Option<shown::PageLimit>, Query, description = "Maximum number of lines on a page. Not allowed for CSV and NDJSON, which always contain the whole report.", example = 50),
        ("cursor" = Option<shown::LineCursor>, Query, description = "`next_cursor` from the previous page. The filters must be the same."),
    ),
    responses((
        status = 200, description = "A page of the report as JSON, or the whole report as CSV or NDJSON.",
        content((BillingReport = "application/json"), (String = "text/csv", example = "\"period_start\",\"period_end\",\"status\",\"reseller_id\",\"reseller_name\",\"reseller_billing_reference\",\"enterprise_id\",\"enterprise_name\",\"enterprise_billing_reference\",\"service\",\"users_at_end\",\"users_peak\",\"user_days\",\"active_days\",\"suspended_days\",\"amends\"\r\n\"2026-10-01T00:00:00Z\",\"2026-11-01T00:00:00Z\",\"open\",\"reseller_01h455vb4pex5vsknk084sn02q\",\"Nordwind Telefonie GmbH\",\"CUST-4711\",\"enterprise_01h455vb4pex5vsknk084sn02q\",\"Kiosk am Tor\",\"K-0815\",\"pbx\",\"12\",\"14\",\"380\",\"30\",\"2\",\"\"\r\n"), (BillingLine = "application/x-ndjson"))
    )),
)]
#[get("/{period}")]
pub(crate) async fn get_billing_report(
    call: Call<Read>,
    period: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (text, accepted) = (request.query_string().to_owned(), Format::accepted(&request));
    let path = request.path().to_owned();
    let found = call.read_long(move |tx, actor| {
        let found = Report::reach(tx, actor, &period)?;
        let mut query = Query::read(&text)?;
        let format = query.parameter("format", "json, csv or ndjson", Format::parse)?.unwrap_or(accepted);
        let paging = Paging::from_query_in_order(path.clone(), &text, &mut query, (PAGE_DEFAULT, PAGE_MAX))?;
        if format != Format::Json && paging.is_asked_for() {
            let detail = "CSV and NDJSON are whole: leave out `limit` and `cursor`.";
            return Err(Error::new(ErrorCode::InvalidParameter, detail));
        }
        let report = found.with_filter(line_filter(actor.scope(), &mut query)?);
        query.finish()?;
        let caller = actor.name();
        let after = paging.after_key(&caller, read_cursor)?;
        Ok((report, format, paging, caller, after))
    });
    let (report, format, paging, caller, after) = found.await?;
    let reader = Reader::new(call.app.database.clone(), report.clone(), after);
    if format != Format::Json {
        let place = call.app.take_download(call.claims().principal)?;
        return whole(&report, reader.ahead(), format, place).await;
    }
    let limit = usize::try_from(paging.limit).unwrap_or_default();
    let mut lines = reader.next_lines(limit + 1).await?;
    let (next_cursor, link) = paging.split_page(&caller, &mut lines, |line| write_cursor(LineCursor::after(line)));
    let answer = Answer::ok(&BillingReport::page(&report, lines, next_cursor))?;
    let mut response = actix_web::Responder::respond_to(Answer { link, ..answer }, &request);
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept"));
    Ok(response)
}

/// Encodes a line cursor as bytes.
fn write_cursor(cursor: LineCursor) -> Vec<u8> {
    let LineCursor { enterprise, service, reseller, line } = cursor;
    let service = [service as u8];
    [enterprise.as_bytes().as_slice(), &service, reseller.as_bytes(), line.as_bytes()].concat()
}

fn read_cursor(octets: &[u8]) -> Option<LineCursor> {
    let (enterprise, rest) = octets.split_at_checked(16)?;
    let (service, rest) = rest.split_first()?;
    let (reseller, line) = rest.split_at_checked(16)?;
    Some(LineCursor {
        enterprise: Uuid::from_slice(enterprise).ok()?,
        service: *Sold::ALL.get(usize::from(*service))?,
        reseller: Uuid::from_slice(reseller).ok()?,
        line: Uuid::from_slice(line).ok()?,
    })
}

/// Streams a whole report. The first part is read before the response starts, so that a failure can still be reported
/// as an error.
async fn whole(report: &Report, mut reader: Reader, format: Format, place: Place<Principal>) -> Result<HttpResponse> {
    let frame = frame(report);
    let mut first = format.header(&frame)?;
    if let Some(lines) = reader.next().await? {
        first.extend(written(&frame, lines, format)?);
    }
    let name = format!("attachment; filename=\"billing-report-{}.{}\"", report.period, format.as_str());
    let media = if format == Format::Csv { "text/csv; charset=utf-8; header=present" } else { format.media() };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::VARY, "Accept"))
        .streaming(parts(frame, first, reader, format, place)))
}

/// The stream of parts. At most one part is read ahead of what the client has received, so a slow or disconnected
/// client uses few resources.
fn parts(
    frame: Frame,
    first: Vec<u8>,
    reader: Reader,
    format: Format,
    place: Place<Principal>,
) -> impl Stream<Item = Result<Bytes>> + 'static {
    let start = (frame, Bytes::from(first), reader, place);
    stream::try_unfold(start, move |(frame, mut octets, mut reader, place)| async move {
        while octets.is_empty() {
            let Some(lines) = reader.next().await? else { return Ok(None) };
            octets = written(&frame, lines, format)?.into();
        }
        let piece = octets.split_to(octets.len().min(PIECE));
        Ok(Some((piece, (frame, octets, reader, place))))
    })
}

/// Summarise a billing report
///
/// Returns the totals of the lines that you can see, by reseller and service, compared with the previous period.
#[utoipa::path(
    params(
        ("period" = shown::Period, Path, description = "A calendar month in UTC.", example = "2026-10"),
        ("limit" = Option<shown::PageLimit>, Query, description = "Maximum number of resellers on a page.", example = 50),
        ("cursor" = Option<shown::Cursor>, Query, description = "`next_cursor` from the previous page."),
    ),
    responses((status = 200, description = "A page of the summary.", body = BillingSummary)),
)]
#[get("/{period}/summary")]
pub(crate) async fn get_billing_summary(
    call: Call<Read>,
    period: Path<String>,
    request: HttpRequest,
) -> Result<Answer> {
    let (text, path) = (request.query_string().to_owned(), request.path().to_owned());
    let found = call.read_long(move |tx, actor| {
        let now = tx.now;
        let report = Report::reach(tx, actor, &period)?;
        let (before, known) = (report.period.previous(), periods(tx, now)?);
        let filter = report.filter.clone();
        let previous = known.contains(&before).then(|| Report::load(tx, before, filter, now)).transpose()?;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query_in_order(path.clone(), &text, &mut query, (PAGE_DEFAULT, PAGE_MAX))?;
        query.finish()?;
        let caller = actor.name();
        let after = paging.after(&caller)?.map(AccountId::from_uuid);
        let mut resellers = summary::resellers(tx, &report, after, paging.limit + 1)?;
        let (next_cursor, link) = paging.split_page(&caller, &mut resellers, |id| id.uuid().into_bytes());
        Ok((report, previous, resellers, next_cursor, link))
    });
    let (report, previous, resellers, next_cursor, link) = found.await?;
    let mut items = Vec::new();
    for reseller in resellers {
        items.extend(summary::compare(&call.app.database, &report, previous.as_ref(), reseller).await?);
    }
    Ok(Answer { link, ..Answer::ok(&BillingSummary::page(&report, items, next_cursor))? })
}

/// Get the chart of users per day
///
/// Returns an SVG chart with the number of users on each day (UTC) of the period, by service, for all enterprises that
/// you can see. The numbers add up to the `user_days` of the report's lines without corrections.
#[utoipa::path(params(("period" = shown::Period, Path, description = "A calendar month in UTC.", example = "2026-10")), responses(
    (status = 200, description = "The chart.", content((String = "image/svg+xml", example = "<svg width=\"960\" height=\"420\" viewBox=\"0 0 960 420\" xmlns=\"http://www.w3.org/2000/svg\"></svg>"))),
))]
#[get("/{period}/chart.svg")]
pub(crate) async fn get_billing_chart(call: Call<Read>, period: Path<String>) -> Result<HttpResponse> {
    let found = call.read_long(move |tx, actor| {
        let now = tx.now;
        let report = Report::reach(tx, actor, &period)?;
        let days = (now - report.period.start()).num_days() + 1;
        Ok((report, usize::try_from(days).unwrap_or_default()))
    });
    let (report, days) = found.await?;
    let period = report.period;
    let per_day = summary::users_per_day(&call.app.database, &report).await?;
    let svg = chart::draw(period, &per_day, days)?;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")).body(svg))
}

/// Finalise a billing report
///
/// Stores the report of a period that is over and returns its totals and its hash. A final report never changes, even
/// if accounts are renamed, closed or removed. Errors in it are corrected by adjustments in a later period. Finalising
/// can take about a minute on a large database. It continues if you disconnect; if it was interrupted, send the request
/// again and it resumes. Only the platform may do this.
#[utoipa::path(params(("period" = shown::Period, Path, description = "A calendar month in UTC.", example = "2026-10"), IdempotencyKeyHeader), responses(
    (status = 200, description = "The final report's totals and hash.", body = BillingPeriod),
    (status = 409, description = "`period_not_over`: wait until five minutes after the end of the period. `report_final`: the report is already final. `report_being_finalised`: another request is finalising this report; try again shortly."),
))]
#[post("/{period}/finalise")]
pub(crate) async fn finalise_billing_report(
    call: Call<Change>,
    period: Path<String>,
    key: IdempotencyKey,
) -> Result<Answer> {
    let once = key.without_body();
    // A task of its own, so that it is not cancelled when the client disconnects.
    let task = tokio::spawn(finalise(call, period.into_inner(), once));
    task.await.unwrap_or_else(|_| Err(Error::new(ErrorCode::Internal, "This is our fault. Ask for it again.")))
}

async fn finalise(call: Call<Change>, period: String, key: IdempotentRequest) -> Result<Answer> {
    let earlier = key.clone();
    let begun = call.write(move |tx, actor| {
        let now = tx.now;
        let period = report::period(actor, &period)?;
        if let Some(kept) = earlier.kept(tx, Caller::Actor(actor), now)? {
            return Ok(Err(kept));
        }
        Ok(Ok((actor.clone(), period, operations::begin(tx, period, now)?)))
    });
    let (actor, period, held) = match begun.await? {
        Ok(begun) => begun,
        Err(kept) => return Ok(kept),
    };
    let written = operations::write_down(&call.app.database, &call.app.clock, period, held).await?;
    let finish = call.app.write_once_as(actor.origin().clone(), actor.name(), key, move |tx| {
        operations::finish(tx, period, &written)?;
        Answer::ok(&BillingPeriod::new(period, final_periods::find_final(tx, period)?.as_ref(), written.totals))
    });
    finish.await
}
