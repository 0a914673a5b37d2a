//! The users of an enterprise's tenant, as Microsoft's directory has them: which of them can be given a phone in Teams, and
//! when they are read again (R14).

use chrono::TimeDelta;
use uuid::Uuid;

use crate::Timestamp;
use crate::delivery::pause_after;
use crate::id::AccountId;
use crate::limits::DELIVERY_ATTEMPTS;
use crate::values::tenant::Tenant;
use crate::values::user_principal_name::UserPrincipalName;

/// The pause between two readings of the changes.
const PAUSE: TimeDelta = TimeDelta::days(1);

/// Why a user of the directory is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeftOut {
    /// It is a guest from another tenant.
    Guest,
    /// It can't sign in.
    Disabled,
    /// Its sign-in name is none that this service accepts.
    UnusableName,
    /// Its sign-in name is in another domain than the enterprise's, in a tenant that several enterprises share.
    OtherDomain,
}

impl LeftOut {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Guest, Self::Disabled, Self::UnusableName, Self::OtherDomain];

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Disabled => "disabled",
            Self::UnusableName => "unusable_name",
            Self::OtherDomain => "other_domain",
        }
    }

    /// The reason with this name; `None` if there is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A user of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUser {
    /// Its object id.
    pub person: Uuid,
    /// Its sign-in name, as Microsoft writes it.
    pub name: String,
    /// Its display name.
    pub display_name: Option<String>,
    /// Whether it has a licence with Teams Phone.
    pub is_licensed: bool,
    /// Whether it can sign in.
    pub is_enabled: bool,
    /// Whether it is a guest.
    pub is_guest: bool,
}

impl DirectoryUser {
    /// Its sign-in name in lower case, as other parts of the service compare it.
    #[must_use]
    pub fn canonical(&self) -> String {
        let parsed = UserPrincipalName::parse(&self.name);
        parsed.map_or_else(|_| self.name.to_lowercase(), |name| name.canonical().to_owned())
    }

    /// Why it is not offered; `None` if it is. `domain` is the one that sign-in names must be in, if there is one.
    #[must_use]
    pub fn left_out(&self, domain: Option<&str>) -> Option<LeftOut> {
        let name = UserPrincipalName::parse(&self.name);
        let is_elsewhere = |name: &UserPrincipalName| {
            domain.is_some_and(|domain| name.canonical().rsplit_once('@').is_none_or(|(_, own)| own != domain))
        };
        match &name {
            _ if self.is_guest => Some(LeftOut::Guest),
            Err(_) => Some(LeftOut::UnusableName),
            Ok(name) if is_elsewhere(name) => Some(LeftOut::OtherDomain),
            Ok(_) if !self.is_enabled => Some(LeftOut::Disabled),
            Ok(_) => None,
        }
    }
}

/// A change of a user of the directory: what is `None` stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its object id.
    pub person: Uuid,
    /// Its sign-in name.
    pub name: Option<String>,
    /// Its display name.
    pub display_name: Option<String>,
    /// Whether it has a licence with Teams Phone.
    pub is_licensed: Option<bool>,
    /// Whether it can sign in.
    pub is_enabled: Option<bool>,
    /// Whether it is a guest.
    pub is_guest: Option<bool>,
}

impl Change {
    /// The user after the change; `None` if it is new and has no sign-in name.
    #[must_use]
    pub fn apply(self, before: Option<&DirectoryUser>) -> Option<DirectoryUser> {
        let Self { person, name, display_name, is_licensed, is_enabled, is_guest } = self;
        Some(DirectoryUser {
            person,
            name: name.or_else(|| before.map(|known| known.name.clone()))?,
            display_name: display_name.or_else(|| before.and_then(|known| known.display_name.clone())),
            is_licensed: is_licensed.or_else(|| before.map(|known| known.is_licensed)).unwrap_or(false),
            is_enabled: is_enabled.or_else(|| before.map(|known| known.is_enabled)).unwrap_or(true),
            is_guest: is_guest.or_else(|| before.map(|known| known.is_guest)).unwrap_or(false),
        })
    }
}

/// Where reading goes on: a path of Microsoft Graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// At the next page.
    Page(String),
    /// At what has changed since, next time.
    Changes(String),
}

/// How far the users of a tenant have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// The enterprise.
    pub account: AccountId,
    /// Its tenant.
    pub tenant: Tenant,
    /// Where reading goes on; `None` at the beginning.
    pub link: Option<String>,
    /// Whether it is being read.
    pub is_reading: bool,
    /// The number of readings from the beginning.
    pub generation: i32,
    /// Whether it is being read from the beginning, so that whoever is not mentioned is gone.
    pub is_full: bool,
    /// When somebody asked for it last.
    pub asked_at: Timestamp,
    /// When it was last read to its end; `None` if it never was.
    pub synced_at: Option<Timestamp>,
    /// What went wrong last.
    pub error: Option<String>,
    /// The number of attempts in a row that failed.
    pub attempts: i32,
    /// When it is read on.
    pub due_at: Timestamp,
}

impl Directory {
    /// A directory that nobody has read yet.
    #[must_use]
    pub const fn new(account: AccountId, tenant: Tenant, now: Timestamp) -> Self {
        Self {
            account,
            tenant,
            link: None,
            is_reading: true,
            generation: 1,
            is_full: true,
            asked_at: now,
            synced_at: None,
            error: None,
            attempts: 0,
            due_at: now,
        }
    }

    /// It is to be read now. One that is being read without trouble is left alone.
    #[must_use]
    pub fn asked(self, now: Timestamp) -> Self {
        if self.is_reading && self.error.is_none() {
            return self;
        }
        Self { is_reading: true, asked_at: now, attempts: 0, due_at: now, ..self }
    }

    /// Whether it is still where another reading of it was.
    #[must_use]
    pub fn is_at(&self, other: &Self) -> bool {
        (&self.tenant, &self.link, self.generation) == (&other.tenant, &other.link, other.generation)
    }

    /// It is read from the beginning, because Microsoft no longer knows where the last reading ended: at once the first time,
    /// and after pauses that grow if that happens again before its end.
    #[must_use]
    pub fn begun_anew(self, now: Timestamp) -> Self {
        let generation = self.generation.saturating_add(1);
        let pause = if self.attempts == 0 { None } else { pause_after(self.attempts, 0) };
        let attempts = self.attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
        let due_at = now + pause.unwrap_or_default();
        Self { link: None, is_reading: true, is_full: true, generation, attempts, due_at, ..self }
    }

    /// A page was read. At the end, the changes are read a day later.
    #[must_use]
    pub fn read(self, link: Link, now: Timestamp) -> Self {
        let error = None;
        match link {
            Link::Page(link) => Self { link: Some(link), is_reading: true, error, due_at: now, ..self },
            Link::Changes(link) => {
                let (link, synced_at, attempts) = (Some(link), Some(now), 0);
                let (is_reading, is_full) = (false, false);
                Self { link, is_reading, is_full, synced_at, error, attempts, due_at: now + PAUSE, ..self }
            }
        }
    }

    /// It could not be read. It is tried again after a pause that grows up to an hour, or as long as Microsoft asks.
    #[must_use]
    pub fn failed(self, error: String, retry_after: Option<TimeDelta>, now: Timestamp) -> Self {
        let attempts = self.attempts.saturating_add(1).min(DELIVERY_ATTEMPTS - 1);
        let pause = pause_after(attempts, 0).unwrap_or(TimeDelta::hours(1));
        let pause = retry_after.map_or(pause, |asked| asked.clamp(pause, PAUSE));
        Self { error: Some(error), attempts, due_at: now + pause, ..self }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn anna() -> DirectoryUser {
        DirectoryUser {
            person: Uuid::nil(),
            name: "Anna@Kiosk.example".to_owned(),
            display_name: Some("Anna".to_owned()),
            is_licensed: true,
            is_enabled: true,
            is_guest: false,
        }
    }

    #[test]
    fn r14_who_can_have_no_phone_is_left_out_for_a_reason() {
        let named = |name: &str| DirectoryUser { name: name.to_owned(), ..anna() };
        for (user, domain, expected) in [
            (anna(), None, None),
            (anna(), Some("kiosk.example"), None),
            (anna(), Some("other.example"), Some(LeftOut::OtherDomain)),
            (DirectoryUser { is_licensed: false, ..anna() }, None, None),
            (DirectoryUser { is_guest: true, is_enabled: false, ..anna() }, None, Some(LeftOut::Guest)),
            (DirectoryUser { is_enabled: false, ..anna() }, None, Some(LeftOut::Disabled)),
            (named("anna.schmidt"), Some("kiosk.example"), Some(LeftOut::UnusableName)),
        ] {
            assert_eq!(user.left_out(domain), expected, "{user:?}");
        }
        assert_eq!((anna().canonical(), named("ÄNNA").canonical()), ("anna@kiosk.example".into(), "änna".into()));
        assert!(LeftOut::ALL.into_iter().all(|reason| LeftOut::parse(reason.as_str()) == Some(reason)));
        assert_eq!(LeftOut::parse(""), None);
    }

    #[test]
    fn r14_what_microsoft_does_not_mention_stays() {
        let nothing = Change { person: Uuid::nil(), ..Change::default() };
        assert_eq!(nothing.clone().apply(Some(&anna())), Some(anna()));
        assert_eq!(nothing.clone().apply(None), None, "a user without a name");
        let change = Change {
            name: Some("b@kiosk.example".to_owned()),
            display_name: Some("Bea".to_owned()),
            is_licensed: Some(false),
            is_enabled: Some(false),
            is_guest: Some(true),
            ..nothing.clone()
        };
        let after = DirectoryUser {
            person: Uuid::nil(),
            name: "b@kiosk.example".to_owned(),
            display_name: Some("Bea".to_owned()),
            is_licensed: false,
            is_enabled: false,
            is_guest: true,
        };
        assert_eq!(change.apply(Some(&anna())), Some(after));
        let new = Change { name: Some("c@kiosk.example".to_owned()), ..nothing }.apply(None).unwrap();
        assert_eq!((new.is_licensed, new.is_enabled, new.is_guest), (false, true, false));
    }

    #[test]
    fn r14_a_directory_is_read_page_by_page_and_its_changes_every_day() {
        let tenant = Tenant::parse("kiosk.example").unwrap();
        let new = Directory::new(AccountId::from_uuid(Uuid::nil()), tenant, at(0));
        assert_eq!((new.link.clone(), new.generation, new.synced_at), (None, 1, None));
        let page = new.clone().read(Link::Page("p".to_owned()), at(1));
        assert_eq!((page.link.as_deref(), page.is_reading, page.due_at), (Some("p"), true, at(1)));
        let end = page.clone().read(Link::Changes("d".to_owned()), at(2));
        assert_eq!((end.link.as_deref(), end.is_reading, end.synced_at), (Some("d"), false, Some(at(2))));
        assert_eq!(end.due_at, at(2) + PAUSE);
        assert!(page.is_full && !end.is_full && page.is_at(&page) && !page.is_at(&end));
        assert_eq!(page.clone().asked(at(9)), page, "it is being read");
        let asked = end.clone().asked(at(9));
        assert_eq!(
            (asked.is_reading, asked.due_at, asked.asked_at, asked.link),
            (true, at(9), at(9), end.link.clone())
        );
        let anew = end.clone().begun_anew(at(10));
        assert!(anew.is_full && !anew.is_at(&end));
        let again = anew.clone().read(Link::Page("p".to_owned()), at(10)).begun_anew(at(10));
        assert_eq!((again.attempts, again.due_at, again.clone().begun_anew(at(15)).due_at), (2, at(15), at(25)));
        assert_eq!(again.read(Link::Changes("d".to_owned()), at(30)).attempts, 0);
        assert_eq!((anew.link, anew.generation, anew.is_reading, anew.due_at), (None, 2, true, at(10)));
        let failed = page.failed("No.".to_owned(), None, at(3));
        assert_eq!((failed.attempts, failed.due_at, failed.error.as_deref()), (1, at(8), Some("No.")));
        assert_eq!(failed.clone().asked(at(9)).due_at, at(9), "who asks has it tried again");
        assert_eq!(failed.clone().read(Link::Page("q".to_owned()), at(9)).error, None);
        let asked_for = |seconds| failed.clone().failed(String::new(), Some(TimeDelta::seconds(seconds)), at(3)).due_at;
        assert_eq!((asked_for(1), asked_for(90), asked_for(1_000_000)), (at(13), at(93), at(3) + PAUSE));
    }
}
