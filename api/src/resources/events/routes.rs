//! The operations of `/events`.

use actix_web::{HttpRequest, get};
use chrono::DateTime;
use domain::authority::Target;
use domain::event::{Reader, TypePattern};
use domain::id::EventId;
use domain::limits::{EVENT_TYPES_MAX, PAGE_DEFAULT, PAGE_MAX};
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::events::{self, Filter};

use crate::access::Read;
use crate::app::Call;
use crate::error::Result;
use crate::events::publish::catch_up;
use crate::events::view::{Event, EventPage};
use crate::http::page::Paging;
use crate::http::query::Query;
use crate::http::{Answer, Id};
use crate::shown;

const PATH: &str = "/events";

/// List events
///
/// Lists the events of your account and all accounts below it, in commit order. To follow events, store `resume_cursor`
/// and send it as `cursor` in the next request: you get all events since then, each exactly once. The actor and its
/// network address are shown only if the actor belongs to your account or to one below it. When an account is moved
/// below yours, its earlier events remain visible only to the accounts that were above it at that time.
#[utoipa::path(
    params(
        ("type" = Option<shown::EventTypesText>, Query, description = "Only events of these types, separated by commas, such as `reseller.created,pbx.*`. Each is a type, `<subject>.*` for all types of a subject, or `*` for all.", example = "reseller.*"),
        ("subject" = Option<String>, Query, description = "Only events whose subject has this id."),
        ("actor" = Option<String>, Query, description = "Only events caused by the member or API client with this id. It must belong to your account or one below it."),
        ("since" = Option<shown::InstantParameter>, Query, description = "Only events at or after this time (RFC 3339)."),
        ("until" = Option<shown::InstantParameter>, Query, description = "Only events before this time (RFC 3339)."),
        ("order" = Option<shown::Constant>, Query, description = "`oldest` (default) lists the oldest event first, `newest` the newest.", example = "oldest"),
        ("limit" = Option<shown::PageLimit>, Query, description = "Maximum number of events on a page.", example = 50),
        ("cursor" = Option<shown::Cursor>, Query, description = "`next_cursor` or `resume_cursor` from an earlier page. The filters must be the same."),
    ),
    responses((status = 200, description = "A page of events.", body = EventPage)),
)]
#[get("")]
pub(crate) async fn list_events(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    catch_up(&call).await?;
    // A filter with few matches may have to scan many rows.
    call.read_long(move |tx, actor| {
        actor.may(Target::Events)?;
        let caller = actor.name();
        let (paging, filter) = read(&text, &caller)?;
        let mut found = events::list(tx, actor.scope(), &filter)?;
        let reader = Reader::new(&actor.own_account(tx)?);
        let position = |event: &events::Event| event.position.to_be_bytes();
        let (next_cursor, link) = paging.split_page(&caller, &mut found, position);
        // On the last page, the reader has seen everything up to the latest event, even if the filter matched none of
        // it.
        let end = match found.last().filter(|_| next_cursor.is_some()) {
            Some(last) => last.position,
            None => events::latest(tx)?.max(filter.after.unwrap_or_default()),
        };
        let page = EventPage {
            items: found.into_iter().map(|event| Event::view(event, reader)).collect(),
            next_cursor,
            resume_cursor: (!filter.newest_first).then(|| paging.cursor_after(&caller, &end.to_be_bytes())),
        };
        Ok(Answer { link, ..Answer::ok(&page)? })
    })
    .await
}

/// Read an event
///
/// Returns one event of your account or of an account below it.
#[utoipa::path(responses((status = 200, description = "The event.", body = Event)))]
#[get("/{event_id}")]
pub(crate) async fn get_event(call: Call<Read>, id: Id) -> Result<Answer> {
    catch_up(&call).await?;
    call.read(move |tx, actor| {
        let id = EventId::parse(&id).ok_or(Refusal::NotFound)?;
        let event = events::by_id(tx, actor.scope(), id)?.ok_or(Refusal::NotFound)?;
        actor.may(Target::Events)?;
        Answer::ok(&Event::view(event, Reader::new(&actor.own_account(tx)?)))
    })
    .await
}

/// Whether a text can be an id or a period: 1–60 printable ASCII characters.
fn is_id(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic())
}

fn read(text: &str, caller: &str) -> Result<(Paging, Filter)> {
    let mut query = Query::read(text)?;
    let paging = Paging::from_query_in_order(PATH, text, &mut query, (PAGE_DEFAULT, PAGE_MAX))?;
    let newest_first = query.parameter("order", "`oldest` or `newest`", |text| match text {
        "oldest" => Some(false),
        "newest" => Some(true),
        _ => None,
    })?;
    let types = query.parameter("type", "types of events, separated by commas", |text| {
        let patterns: Option<Vec<_>> = text.split(',').map(TypePattern::parse).collect();
        patterns.filter(|patterns| patterns.len() <= EVENT_TYPES_MAX)
    })?;
    let an_instant = "an instant such as 2027-01-01T00:00:00Z";
    let instant = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let filter = Filter {
        types: types.unwrap_or_default(),
        subject: query.parameter("subject", "an id", |text| is_id(text).then(|| text.to_owned()))?,
        actor: query.parameter("actor", "the id of a member or API client", Principal::parse)?,
        since: query.parameter("since", an_instant, instant)?,
        until: query.parameter("until", an_instant, instant)?,
        newest_first: newest_first.unwrap_or_default(),
        after: paging.after_key(caller, |place| place.try_into().ok().map(i64::from_be_bytes))?,
        limit: paging.limit + 1,
    };
    query.finish()?;
    Ok((paging, filter))
}
