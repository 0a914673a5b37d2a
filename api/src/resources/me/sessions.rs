//! Handlers of `/me/sessions`: where the caller is signed in.

use actix_web::{delete, get};
use chrono::{DateTime, Utc};
use domain::authority::Target;
use domain::id::SessionId;
use domain::refusal::Refusal;
use persistence::sessions::{self, OpenSession};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{ChangeMyself, ReadMyself};
use crate::app::Call;
use crate::error::Result;
use crate::events::record::record_own_sign_in;
use crate::http::page::{Listed, Page};
use crate::http::{Answer, Id};
use crate::resources::auth::operations::open;
use crate::resources::second_factors::operations::myself;

/// A session: one sign-in of a member, which is continued with refresh tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "session_01h455vb4pex5vsknk084sn02q", "started_at": "2026-11-23T09:30:00Z", "refreshed_at": "2026-11-24T09:30:00Z", "expires_at": "2026-12-23T09:30:00Z", "is_current": true}))]
pub struct Session {
    /// Its id.
    #[schema(example = "session_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// When you signed in.
    pub started_at: DateTime<Utc>,
    /// When it was last continued with a refresh token, or else when it started. Without another refresh, it
    /// ends seven days later.
    pub refreshed_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Whether this request belongs to it.
    #[schema(example = true)]
    pub is_current: bool,
}

impl Listed for Session {
    const PLURAL: &str = "sessions";
}

/// The sessions of a member.
pub type SessionPage = Page<Session>;

/// List your sessions
///
/// Lists where you are signed in, newest first: at most 100 sessions, because another sign-in ends the oldest one. For
/// members only.
#[utoipa::path(responses(
    (status = 200, description = "Your sessions, all on one page.", body = SessionPage),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
))]
#[get("/me/sessions")]
pub(crate) async fn list_my_sessions(call: Call<ReadMyself>) -> Result<Answer> {
    let current = call.claims().session;
    call.read(move |tx, actor| {
        actor.may(Target::Myself)?;
        let member = actor.member().ok_or(Refusal::Forbidden)?;
        let items = open(tx, member)?.into_iter().map(|session| {
            let OpenSession { id, started_at, refreshed_at, expires_at } = session;
            Session { id: id.to_string(), started_at, refreshed_at, expires_at, is_current: id == current }
        });
        Answer::ok(&Page { items: items.collect(), next_cursor: None })
    })
    .await
}

/// End one of your sessions
///
/// Signs you out where this session is used. Its access token and refresh token stop working.
#[utoipa::path(responses(
    (status = 204, description = "The session has ended."),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
))]
#[delete("/me/sessions/{session_id}")]
pub(crate) async fn end_my_session(call: Call<ChangeMyself>, id: Id) -> Result<Answer> {
    call.write(move |tx, actor| {
        actor.may(Target::Myself)?;
        let member = myself(tx, actor)?;
        let id = SessionId::parse(&id).ok_or(Refusal::NotFound)?;
        if !open(tx, member.id)?.iter().any(|session| session.id == id) {
            return Err(Refusal::NotFound.into());
        }
        let now = tx.now;
        sessions::end(tx, id, now)?;
        record_own_sign_in(tx, &member, "sessions_ended")?;
        Ok(Answer::no_content())
    })
    .await
}

/// End your other sessions
///
/// Signs you out everywhere but where this request comes from. Do this if you think that somebody else uses one of your
/// sessions, and change your password.
#[utoipa::path(responses(
    (status = 204, description = "The other sessions have ended."),
    (status = 403, description = "`forbidden`, `account_not_operating`, `address_not_allowed`: you may not do this."),
))]
#[delete("/me/sessions")]
pub(crate) async fn end_my_other_sessions(call: Call<ChangeMyself>) -> Result<Answer> {
    let current = call.claims().session;
    call.write(move |tx, actor| {
        actor.may(Target::Myself)?;
        let member = myself(tx, actor)?;
        let now = tx.now;
        sessions::end_others(tx, member.id, current, now)?;
        record_own_sign_in(tx, &member, "sessions_ended")?;
        Ok(Answer::no_content())
    })
    .await
}
