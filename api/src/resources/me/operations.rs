//! Operations of members on themselves.

use domain::id::SessionId;
use domain::values::language::Language;
use domain::values::text::MemberName;
use persistence::members::{self, Member};
use persistence::{password_resets, sessions};
use serde_json::{Value, json};

use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{difference, record_for, record_own_sign_in};
use crate::mail::SecondFactorNotice;
use crate::resources::email_changes;
use crate::resources::second_factors::operations::tell;

/// The changes to the acting member: `None` leaves a field as it is, `Some(None)` removes its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeMe {
    /// The member's display name.
    pub name: Option<Option<MemberName>>,
    /// The member's preferred language.
    pub language: Option<Option<Language>>,
}

/// Changes the name and the language of the acting member, which the caller has locked. A change without effect is not
/// recorded.
pub fn update(tx: &mut Tx<'_>, before: Member, change: &ChangeMe) -> Result<Member> {
    let ChangeMe { name, language } = change.clone();
    let after = Member {
        name: name.map_or_else(|| before.name.clone(), |name| name.map(MemberName::into_string)),
        language: language.unwrap_or(before.language),
        version: before.version + 1,
        ..before.clone()
    };
    let (old, new) = (fields(&before), fields(&after));
    if old == new {
        return Ok(before);
    }
    members::set_profile(tx, after.id, after.name.as_deref(), after.language, after.version)?;
    record_for(tx, &after.account, after.id, "updated", difference(old, new))?;
    Ok(after)
}

/// Replaces the password of the acting member, which the caller has locked. Its other sessions, its reset link and a
/// pending change of its address end (R18), and it is told by e-mail.
pub fn change_password(tx: &mut Tx<'_>, member: &Member, session: SessionId, password_hash: &str) -> Result<()> {
    let now = tx.now;
    members::set_password(tx, member.id, password_hash)?;
    sessions::end_others(tx, member.id, session, now)?;
    password_resets::withdraw(tx, member.id)?;
    email_changes::operations::withdraw(tx, &member.account, &member.email)?;
    record_own_sign_in(tx, member, "password_changed")?;
    tell(tx, member, SecondFactorNotice::PasswordChanged)
}

/// The fields of a member that events show.
fn fields(member: &Member) -> Value {
    json!({"name": member.name, "language": member.language.map(Language::as_str)})
}
