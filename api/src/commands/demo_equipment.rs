//! The equipment of the example enterprises: a route and, if it is established, a PBX, a trunk and users.

use domain::account::Ancestry;
use domain::direct_routing::{DirectRouting, Failure, Link, Route, Stage, State};
use domain::fault::Fault;
use domain::id::{AccountId, EventId, Id, Kind, PbxId, TrunkId, UserId};
use domain::pbx::PbxType;
use domain::trunk::Method;
use domain::user::Assignment;
use domain::values::host_name::HostName;
use domain::values::network::{Host, Network};
use domain::values::phone_number::PhoneNumber;
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::sip::SipUser;
use domain::values::tenant::Tenant;
use domain::values::text::{Location, Tag, TrunkName};
use domain::values::user_principal_name::UserPrincipalName;
use domain::{Timestamp, pbx, trunk, user};
use persistence::events::{Actor, EventRow};
use persistence::users::NewUser;
use persistence::{Error, StoreConnection, direct_routing, events, pbxes, trunks, users};
use uuid::Uuid;

use super::demo::part_id;
use crate::settings::sbc_regions::SbcRegion;

const LOCATIONS: [&str; 4] = ["Berlin", "København", "Headquarters", "Lager 7"];
const TAGS: [&str; 3] = ["Reception", "Vertrieb", "Back office"];

// The kinds of parts, which make their ids differ.
const PBX: u8 = 1;
const TRUNK: u8 = 2;
const USER: u8 = 3;

/// Whether the enterprise with a number has an established route.
pub(super) const fn is_established(number: usize) -> bool {
    !matches!(number % 20, 3 | 7 | 13)
}

/// The equipment of an enterprise.
#[derive(Debug, Clone)]
pub(super) struct Equipment {
    route: Route,
    telephony: Option<Telephony>,
}

/// The equipment that needs an established route.
#[derive(Debug, Clone)]
struct Telephony {
    pbx: (PbxId, pbx::Settings),
    trunk: (TrunkId, trunk::Settings),
    users: Vec<(UserId, user::Settings)>,
}

impl Equipment {
    /// The equipment of the enterprise with a number.
    pub(super) fn example(number: usize, region: &SbcRegion, users: usize) -> Result<Self, String> {
        let failed = |fault: Fault| format!("the example of enterprise {number}: {}", fault.detail);
        let domain = format!("enterprise-{number}.demo.example");
        let link = Link {
            domain: RouteDomain::below(&format!("demo-{number}"), &region.base_domain).map_err(failed)?,
            tenant: Tenant::parse(&domain).map_err(failed)?,
        };
        let txt = VerificationTxt::parse(&format!("MS=ms{number:08}")).map_err(failed)?;
        let state = match number % 20 {
            3 => State::Working { link, stage: Stage::ConsentRequested },
            7 => State::Working { link, stage: Stage::DomainPending(txt) },
            13 => State::Failed { link, stage: Stage::DomainPending(txt), reason: Failure::TimedOut },
            _ => State::Established { link, txt },
        };
        let failed_with = matches!(state, State::Failed { .. })
            .then(|| (Timestamp::default(), "Microsoft has not found the TXT record yet.".to_owned()));
        let telephony =
            state.is_established().then(|| Telephony::example(number, region, &domain, users)).transpose()?;
        let route = Route {
            region: region.code.clone(),
            state,
            since: Timestamp::default(),
            attempts: 0,
            due_at: Timestamp::default(),
            last_error: failed_with,
            anchor: None,
            voice_policy: None,
        };
        Ok(Self { route, telephony })
    }

    /// The users, whose enterprise is this account.
    fn users(&self, account: AccountId, now: Timestamp) -> impl Iterator<Item = NewUser<'_>> {
        self.telephony.iter().flat_map(move |telephony| {
            let sip_domain = telephony.pbx.1.sip_domain.as_str();
            telephony.users.iter().map(move |(id, settings)| {
                let sip_domain = settings.assignment.pbx().map(|_| sip_domain.to_owned());
                NewUser { id: *id, account, settings, sip_domain, password: None, now }
            })
        })
    }

    /// The routes, as they are at an instant.
    fn routing(&self, now: Timestamp) -> DirectRouting {
        let last_error = self.route.last_error.clone().map(|(_, error)| (now, error));
        let route = Route { since: now, due_at: now, last_error, ..self.route.clone() };
        DirectRouting { version: 1, consent_given_at: None, permissions: None, routes: vec![route] }
    }

    /// The parts whose creation is recorded as an event: the type of each, its id, and its id as text.
    fn parts(&self) -> impl Iterator<Item = (&'static str, Uuid, String)> {
        fn part<K: Kind>(id: Id<K>) -> (&'static str, Uuid, String) {
            (K::PREFIX, id.uuid(), id.to_string())
        }
        self.telephony.iter().flat_map(|telephony| {
            let users = telephony.users.iter().map(|(id, _)| part(*id));
            [part(telephony.pbx.0), part(telephony.trunk.0)].into_iter().chain(users)
        })
    }
}

/// Stores the equipment of enterprises: each with its account, the account's ancestry, and when it was created.
pub(super) fn write_all(
    tx: &mut StoreConnection,
    all: &[(&Equipment, AccountId, Ancestry, Timestamp)],
) -> Result<(), Error> {
    let routings: Vec<_> = all.iter().map(|(equipment, account, _, now)| (*account, equipment.routing(*now))).collect();
    direct_routing::insert_all(tx, &routings)?;
    let connected =
        || all.iter().filter_map(|(equipment, account, _, now)| Some((equipment.telephony.as_ref()?, *account, *now)));
    let own: Vec<_> = connected().map(|(own, account, now)| (own.pbx.0, account, &own.pbx.1, now)).collect();
    pbxes::insert_all(tx, &own)?;
    let own: Vec<_> = connected().map(|(own, account, now)| (own.trunk.0, account, &own.trunk.1, now)).collect();
    trunks::insert_all(tx, &own)?;
    let own: Vec<_> = all.iter().flat_map(|(equipment, account, _, now)| equipment.users(*account, *now)).collect();
    users::insert_all(tx, &own)?;
    let parts =
        all.iter().flat_map(|(equipment, _, ancestry, now)| equipment.parts().map(|part| (part, *ancestry, *now)));
    let parts: Vec<_> =
        parts.map(|((kind, id, text), ancestry, now)| (format!("{kind}.created"), id, text, ancestry, now)).collect();
    let events = parts.iter().map(|(action, id, subject, ancestry, now)| {
        created(EventId::from_uuid(*id), (action, subject), *ancestry, *now)
    });
    events::record_all(tx, &events.collect::<Vec<_>>())
}

/// The event that an example was created: with the type of the event and the example's id.
pub(super) fn created<'a>(
    id: EventId,
    (action, subject): (&'a str, &'a str),
    ancestry: Ancestry,
    now: Timestamp,
) -> EventRow<'a> {
    EventRow {
        id,
        now,
        actor: Actor::System,
        action,
        subject,
        ancestry,
        before: None,
        after: None,
        request_id: "demo",
        client_request_id: None,
        source_address: None,
    }
}

impl Telephony {
    fn example(number: usize, region: &SbcRegion, domain: &str, users: usize) -> Result<Self, String> {
        let failed = |fault: Fault| format!("the example of enterprise {number}: {}", fault.detail);
        let location = Location::parse(LOCATIONS[number % LOCATIONS.len()]).map_err(failed)?;
        let sip_domain = HostName::parse(&format!("sip.{domain}")).map_err(failed)?;
        let kind = PbxType::ALL[number % PbxType::ALL.len()];
        let pbx = (part_id(number, PBX, 0), pbx::Settings::new(kind, location, sip_domain, &pbx::Change::default()));
        let name = TrunkName::parse("Main line").map_err(failed)?;
        let by_ip = trunk::Change {
            method: Some(Method::Ip),
            networks: Some(vec![Network::parse("192.0.2.0/28").map_err(failed)?]),
            ..trunk::Change::default()
        };
        let host = Host::parse("sip.carrier.example").map_err(failed)?;
        let trunk = trunk::Settings::new(name, host, &by_ip).map_err(|_| "the example of a trunk".to_owned())?;
        let trunk = (part_id(number, TRUNK, 0), trunk);
        let mut own = Vec::with_capacity(users);
        for index in 0..u16::try_from(users).map_err(|_| "an enterprise can have at most 65,535 users".to_owned())? {
            // Every second one is on the trunk, with a number.
            let on_trunk = index % 2 == 1;
            let assignment = if on_trunk {
                Assignment::Trunk(trunk.0)
            } else {
                let sip_user = SipUser::parse(&format!("{}", 1000 + u32::from(index))).map_err(failed)?;
                Assignment::Pbx { pbx: pbx.0, sip_user, auth_id: None }
            };
            let phone = format!("+49{number:08}{index:05}");
            let settings = user::Settings {
                teams_user: UserPrincipalName::parse(&format!("user{index}@{domain}")).map_err(failed)?,
                assignment,
                default_number: on_trunk.then(|| PhoneNumber::parse(&phone)).transpose().map_err(failed)?,
                forwarded_numbers: Vec::new(),
                voice_route: region.code.clone(),
                tag: Some(Tag::parse(TAGS[usize::from(index) % TAGS.len()]).map_err(failed)?),
            };
            own.push((part_id(number, USER, index), settings));
        }
        Ok(Self { pbx, trunk, users: own })
    }
}
