//! The operations of `/events`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, get};
use chrono::DateTime;
use domain::authority::Target;
use domain::event::{Reader, TypePattern};
use domain::id::EventId;
use domain::limits::{EVENT_TYPES_MAX, PAGE_DEFAULT, PAGE_MAX};
use domain::principal::Principal;
use domain::refusal::Refusal;
use persistence::events;
use persistence::events::Filter;

use crate::access::Read;
use crate::app::App;
use crate::error::Error;
use crate::events::publish::catch_up;
use crate::events::view::{Event, EventPage};
use crate::http::page::Paging;
use crate::http::query::Query;
use crate::http::{Answer, Caller};
use crate::shown;

const PATH: &str = "/events";

/// List events
///
/// What happened to your account and all below it, in the order in which it was committed. Keep `resume_cursor` and ask again with
/// it: you get whatever has happened since, each event once. Who did something, and from where, shows when
/// it was somebody of your own account or one below. What happened before an account came under you stays with those who were above it
/// then.
#[utoipa::path(
    tag = "Events",
    operation_id = "list_events",
    params(
        ("type" = Option<shown::EventTypesText>, Query, description = "Only these types, separated by commas, such as `reseller.created,pbx.*`: each is a type, all types of a subject, or `*`.", example = "reseller.*"),
        ("subject" = Option<String>, Query, description = "Only what happened to the thing with this id."),
        ("actor" = Option<String>, Query, description = "Only what the member or API client with this id did, of your own account or one below."),
        ("since" = Option<shown::InstantParameter>, Query, description = "Only what happened at this instant or later (RFC 3339)."),
        ("until" = Option<shown::InstantParameter>, Query, description = "Only what happened before this instant (RFC 3339)."),
        ("order" = Option<shown::Constant>, Query, description = "`oldest` first, which is the default, or `newest` first.", example = "oldest"),
        ("limit" = Option<shown::PageLimit>, Query, description = "How many on a page.", example = 50),
        ("cursor" = Option<shown::Cursor>, Query, description = "`next_cursor` or `resume_cursor` of an earlier page, with the same filters."),
    ),
    responses((status = 200, description = "A page of events.", body = EventPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn list_events(app: Data<App>, caller: Caller<Read>, request: HttpRequest) -> Result<Answer, Error> {
    let text = request.query_string().to_owned();
    catch_up(&app, &caller).await?;
    // A filter that hardly anything passes looks at much.
    app.read_long(caller, move |tx, actor, _| {
        actor.may(Target::Events)?;
        let caller = actor.name();
        let (paging, filter) = read(&text, &caller)?;
        let mut found = events::list(tx, actor.scope(), &filter)?;
        let reader = Reader::new(&actor.own_account(tx)?);
        let position = |event: &events::Event| event.position.to_be_bytes();
        let (next_cursor, link) = paging.split_page(&caller, &mut found, position);
        // Behind the last page there is nothing yet, whatever the filter.
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
/// One event of your account or one below it.
#[utoipa::path(
    tag = "Events",
    operation_id = "get_event",
    params(("event_id" = String, Path, description = "The id of the event.", example = "event_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "The event.", body = Event)),
    security(("bearer" = []))
)]
#[get("/{event_id}")]
pub(crate) async fn get_event(app: Data<App>, caller: Caller<Read>, id: Path<String>) -> Result<Answer, Error> {
    catch_up(&app, &caller).await?;
    app.read(caller, move |tx, actor, _| {
        let id = EventId::parse(&id).ok_or(Refusal::NotFound)?;
        let event = events::by_id(tx, actor.scope(), id)?.ok_or(Refusal::NotFound)?;
        actor.may(Target::Events)?;
        Answer::ok(&Event::view(event, Reader::new(&actor.own_account(tx)?)))
    })
    .await
}

/// Ids and periods are short and of ASCII.
fn is_id(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic())
}

fn read(text: &str, caller: &str) -> Result<(Paging, Filter), Error> {
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
