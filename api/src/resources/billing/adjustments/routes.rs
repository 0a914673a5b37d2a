//! The operations of `/billing-reports/{period}/adjustments`.

use actix_web::web::Path;
use actix_web::{HttpRequest, get, post};
use domain::id::AdjustmentId;
use domain::refusal::Refusal;
use persistence::billing::adjustments;

use super::operations;
use super::wire::{BillingAdjustment, BillingAdjustmentPage, CreateBillingAdjustment};
use crate::access::{Create, Read};
use crate::app::Call;
use crate::error::Result;
use crate::http::page::Paging;
use crate::http::params::{IdempotencyKeyHeader, IfNoneMatch, PageQuery};
use crate::http::query::Query;
use crate::http::{Answer, Body, Conditions, IdempotencyKey};
use crate::resources::billing::report::{self, Report};
use crate::resources::billing::routes::PATH;
use crate::shown;

/// Correct a final billing report
///
/// Books a correction of a line of a final report and returns it. The correction is a line of its own in the report of
/// `period`, which must be later and still open. Its numbers are added to those of the corrected line; the final report
/// itself does not change. A correction can't be changed or removed; book another one instead. Only the platform may do
/// this.
#[utoipa::path(
    params(("period" = shown::Period, Path, description = "The open period in which to book the correction, a calendar month in UTC.", example = "2026-11"), IdempotencyKeyHeader),
    request_body(content = CreateBillingAdjustment, example = json!({"amends": "2026-10/reseller_01h455vb4pex5vsknk084sn02q/enterprise_01h455vb4pex5vsknk084sn02q/pbx", "user_days": -30, "reason": "The user was added by mistake."})),
    responses(
        (status = 201, description = "The new correction.", body = BillingAdjustment, headers(("Location" = String, description = "The URL of the new correction."))),
        (status = 409, description = "`report_final`: the report of this period is final or is being finalised. `amended_report_open`: the report of the corrected line is not final. `amended_report_later`: the corrected line is not from an earlier period."),
    ),
)]
#[post("/{period}/adjustments")]
pub(crate) async fn create_billing_adjustment(
    call: Call<Create>,
    period: Path<String>,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer> {
    let command = body.parse::<CreateBillingAdjustment, operations::CreateAdjustment>();
    call.write_once(key.with_body(&body), move |tx, actor| {
        let period = report::period(actor, &period)?;
        let booked = operations::adjust(tx, period, command.get()?)?;
        let location = format!("{PATH}/{period}/adjustments/{}", booked.id);
        Ok(Answer::resource(&BillingAdjustment::from(booked), 1)?.created(location))
    })
    .await
}

/// List corrections
///
/// Lists the corrections that are booked in a period, with their reasons, sorted by creation time. Only corrections of
/// lines that you can see are listed.
#[utoipa::path(params(("period" = shown::Period, Path, description = "A calendar month in UTC.", example = "2026-11"), PageQuery), responses(
    (status = 200, description = "A page of corrections.", body = BillingAdjustmentPage),
))]
#[get("/{period}/adjustments")]
pub(crate) async fn list_billing_adjustments(
    call: Call<Read>,
    period: Path<String>,
    request: HttpRequest,
) -> Result<Answer> {
    let (text, path) = (request.query_string().to_owned(), request.path().to_owned());
    call.read(move |tx, actor| {
        let period = Report::reach(tx, actor, &period)?.period;
        let mut query = Query::read(&text)?;
        let paging = Paging::from_query(path.clone(), &text, &mut query)?;
        query.finish()?;
        let caller = actor.name();
        let after = paging.after(&caller)?.map(AdjustmentId::from_uuid);
        let found = (paging.newest_first, after);
        let rows = adjustments::list(tx, &actor.scope(), period, found, paging.limit + 1)?;
        paging.answer(&caller, rows, |row| row.id.uuid(), BillingAdjustment::from)
    })
    .await
}

/// Read a correction
///
/// Returns one correction that is booked in a period, if you can see the corrected line.
#[utoipa::path(
    params(
        ("period" = shown::Period, Path, description = "The period in which the correction is booked.", example = "2026-11"),
        IfNoneMatch,
    ),
    responses((status = 200, description = "The correction.", body = BillingAdjustment)),
)]
#[get("/{period}/adjustments/{adjustment_id}")]
pub(crate) async fn get_billing_adjustment(
    call: Call<Read>,
    path: Path<(String, String)>,
    conditions: Conditions,
) -> Result<Answer> {
    let (period, id) = path.into_inner();
    call.read_if_changed(conditions, move |tx, actor| {
        let period = report::period(actor, &period)?;
        let id = AdjustmentId::parse(&id).ok_or(Refusal::NotFound)?;
        let found = adjustments::find(tx, &actor.scope(), period, id)?.ok_or(Refusal::NotFound)?;
        Answer::resource(&BillingAdjustment::from(found), 1)
    })
    .await
}
