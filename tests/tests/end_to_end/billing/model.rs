//! R15: the report against a model of it. The model goes through every day of a month, moment by moment, and looks at what was
//! there; it shares nothing with what is tested but the order of events.

use std::collections::{BTreeMap, BTreeSet};

use api::ids::new_id;
use chrono::{DateTime, Months, TimeDelta, Utc};
use domain::account::{Scope, Tier};
use domain::authority::Role;
use domain::direct_routing::{DirectRouting, Link, Route, State};
use domain::enterprise::{Country, Enterprise, SbcRegionCode, SbcRegions, Switches};
use domain::id::{AccountId, PbxId, TrunkId, UserId};
use domain::pbx::PbxType;
use domain::services::Services;
use domain::status::Status;
use domain::user::{Assignment, Settings};
use domain::values::email::EmailAddress;
use domain::values::host_name::HostName;
use domain::values::network::{Host, Network};
use domain::values::route_domain::{RouteDomain, VerificationTxt};
use domain::values::sip::SipUser;
use domain::values::tenant::Tenant;
use domain::values::text::{Location, TrunkName};
use domain::values::user_principal_name::UserPrincipalName;
use domain::{pbx, trunk};
use end_to_end::Database::{Postgresql, Sqlite};
use end_to_end::{App, Database, Person};
use persistence::accounts::{Change, NewAccount};
use persistence::users::NewUser;
use persistence::{Error, StoreConnection, accounts, direct_routing, pbxes, trunks, users};
use rstest::rstest;
use serde_json::{Value, json};

type Instant = DateTime<Utc>;

const MASTERS: usize = 3;
const RESELLERS: usize = 8;
/// Histories on each database.
const ENTERPRISES: usize = 1_200;
/// Around a year's end, and with a 29 February.
const MONTHS: [&str; 5] = ["2023-12", "2024-01", "2024-02", "2024-03", "2024-04"];

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// Throws dice, the same ones every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    /// So many instants in order, many of them on or around a midnight, and some of them the same.
    fn instants(&mut self, count: u64) -> Vec<Instant> {
        let start = at("2023-12-20T00:00:00Z");
        let mut instants: Vec<Instant> = (0..count)
            .map(|_| {
                // Every third one near the end of a month.
                let day = match self.below(3) {
                    0 => [11, 12, 42, 43, 70, 71, 72, 102, 103][usize::try_from(self.below(9)).unwrap()],
                    _ => self.below(120),
                };
                let within = match self.below(6) {
                    0 => 0,
                    1 => -1,
                    2 => 1,
                    3 => 1_000 * i64::try_from(self.below(3)).unwrap(),
                    _ => i64::try_from(self.below(86_400_000)).unwrap(),
                };
                start + TimeDelta::days(i64::try_from(day).unwrap()) + TimeDelta::milliseconds(within)
            })
            .collect();
        instants.sort_unstable();
        instants
    }
}

/// Something that happened to an account.
#[derive(Debug, Clone)]
enum Event {
    /// It was created; with which services, by their names.
    Created(Vec<&'static str>),
    Activated,
    Suspended,
    Resumed,
    Closed,
    Named(String, Option<String>),
    Serves(Vec<&'static str>),
    UserOn(u8, &'static str),
    UserGone(u8),
}

type History = Vec<(Instant, Event)>;

/// What an account is once some events have happened.
#[derive(Debug, Clone, Default)]
struct Moment {
    status: &'static str,
    services: BTreeSet<&'static str>,
    name: String,
    reference: Option<String>,
    users: BTreeMap<u8, &'static str>,
}

impl Moment {
    fn there(&self) -> bool {
        !matches!(self.status, "" | "closed")
    }

    fn after(&mut self, event: &Event) {
        match event {
            Event::Created(services) => {
                self.status = "pending";
                self.services = services.iter().copied().collect();
            }
            Event::Activated | Event::Resumed => self.status = "active",
            Event::Suspended => self.status = "suspended",
            Event::Closed => self.status = "closed",
            Event::Named(name, reference) => (self.name, self.reference) = (name.clone(), reference.clone()),
            Event::Serves(services) => self.services = services.iter().copied().collect(),
            Event::UserOn(user, service) => drop(self.users.insert(*user, service)),
            Event::UserGone(user) => drop(self.users.remove(user)),
        }
    }

    fn of(history: &History, instant: Instant) -> Self {
        let mut moment = Self::default();
        for (_, event) in history.iter().take_while(|(when, _)| *when <= instant) {
            moment.after(event);
        }
        moment
    }
}

/// The line that the model expects, as a report writes it, but for the names of its accounts' ids.
#[derive(Debug, Default)]
struct Expected {
    at_end: i64,
    peak: i64,
    user_days: i64,
    active_days: i64,
    suspended_days: i64,
}

/// Goes through a month day by day and moment by moment. Gives the line of each service that was there at any moment, and what
/// enterprise and reseller were called at the end.
fn simulate(
    month: Instant,
    enterprise: &History,
    reseller: &History,
    master: &History,
) -> (BTreeMap<&'static str, Expected>, Moment, Moment) {
    let mut lines = BTreeMap::<&str, Expected>::new();
    let (mut last_enterprise, mut last_reseller) = (Moment::default(), Moment::default());
    let over = month.checked_add_months(Months::new(1)).unwrap();
    let mut day = month;
    while day < over {
        let next_day = day + TimeDelta::days(1);
        let happened = [enterprise, reseller, master].into_iter().flatten().map(|(when, _)| *when);
        let moments: BTreeSet<Instant> = happened.filter(|when| day < *when && *when < next_day).chain([day]).collect();
        let mut users_of_day = BTreeMap::<&str, BTreeSet<u8>>::new();
        let (mut active, mut suspended) = (BTreeSet::new(), BTreeSet::new());
        for moment in moments {
            let [own, above, top] = [enterprise, reseller, master].map(|history| Moment::of(history, moment));
            if above.there() {
                last_reseller = above.clone();
            }
            for line in lines.values_mut() {
                line.at_end = 0;
            }
            if !own.there() {
                continue;
            }
            last_enterprise = own.clone();
            let stopped = [&own, &above, &top].iter().any(|account| account.status == "suspended");
            let runs = [&own, &above, &top].iter().all(|account| account.status == "active");
            for service in &own.services {
                let line = lines.entry(service).or_default();
                let users = own.users.iter().filter(|(_, on)| *on == service).map(|(user, _)| *user);
                let users: BTreeSet<u8> = users.collect();
                line.at_end = i64::try_from(users.len()).unwrap();
                line.peak = line.peak.max(line.at_end);
                users_of_day.entry(service).or_default().extend(users);
                if runs {
                    active.insert(*service);
                }
                if stopped && own.status != "pending" {
                    suspended.insert(*service);
                }
            }
        }
        for (service, line) in &mut lines {
            line.user_days += i64::try_from(users_of_day.get(service).map_or(0, BTreeSet::len)).unwrap();
            line.active_days += i64::from(active.contains(service));
            line.suspended_days += i64::from(suspended.contains(service));
        }
        day = next_day;
    }
    (lines, last_enterprise, last_reseller)
}

/// A random life of an account above enterprises: suspended and resumed, renamed.
fn life_above(dice: &mut Dice, name: &str) -> History {
    let count = 3 + dice.below(8);
    let mut history = vec![
        (at("2023-12-01T10:00:00Z"), Event::Created(vec!["pbx", "trunk"])),
        (at("2023-12-01T10:00:00Z"), Event::Named(name.to_owned(), Some(format!("REF, \"{name}\"")))),
    ];
    let mut status = "pending";
    for (index, when) in dice.instants(count).into_iter().enumerate() {
        let event = match (status, dice.below(3)) {
            (_, 0) => Event::Named(format!("{name} {index}"), Some(format!("=ref {index}"))),
            ("active", _) => Event::Suspended,
            ("suspended", _) => Event::Resumed,
            _ => Event::Activated,
        };
        status = match event {
            Event::Suspended => "suspended",
            Event::Resumed | Event::Activated => "active",
            _ => status,
        };
        history.push((when, event));
    }
    // At last it operates, so that its people can ask for reports.
    if status != "active" {
        history.push((at("2024-05-10T10:00:00Z"), Event::Activated));
    }
    history
}

/// A random life of an enterprise.
fn life(dice: &mut Dice, name: &str) -> History {
    let selection = |dice: &mut Dice| match dice.below(3) {
        0 => vec!["pbx"],
        1 => vec!["trunk"],
        _ => vec!["pbx", "trunk"],
    };
    let count = 2 + dice.below(22);
    let instants = dice.instants(count);
    let services = selection(dice);
    let mut now = Moment { status: "pending", services: services.iter().copied().collect(), ..Moment::default() };
    let mut history = vec![(instants[0], Event::Created(services)), (instants[0], Event::Named(name.to_owned(), None))];
    for (index, when) in instants.into_iter().enumerate().skip(1) {
        let user = u8::try_from(dice.below(6)).unwrap();
        let event = match (now.status, dice.below(12)) {
            ("closed", _) => break,
            ("pending", 0..6) => Event::Activated,
            ("active", 0) => Event::Suspended,
            ("suspended", 0..4) => Event::Resumed,
            (_, 1) if now.users.is_empty() => Event::Closed,
            (_, 2) => Event::Named(format!("{name} {index} — ☎"), (index % 2 == 0).then(|| format!("+49 {index}"))),
            (_, 3) => {
                let services = selection(dice);
                if now.users.values().any(|on| !services.contains(on)) {
                    continue;
                }
                Event::Serves(services)
            }
            (_, 4..10) => {
                let services: Vec<_> = now.services.iter().copied().collect();
                Event::UserOn(user, services[usize::try_from(dice.below(services.len() as u64)).unwrap()])
            }
            _ if now.users.contains_key(&user) => Event::UserGone(user),
            _ => continue,
        };
        now.after(&event);
        history.push((when, event));
    }
    history
}

/// An account as the store has it: where in the tree it is, and of an enterprise what connects its users.
#[derive(Debug, Clone, Copy)]
struct Stored {
    number: usize,
    tier: Tier,
    id: AccountId,
    above: [Option<AccountId>; 2],
    pbx: PbxId,
    trunk: TrunkId,
}

fn services(names: &[&str]) -> Services {
    Services::from_flags(names.contains(&"pbx"), names.contains(&"trunk")).expect("a service")
}

impl Stored {
    fn create(&self, tx: &mut StoreConnection, names: &[&str], now: Instant) -> Result<(), Error> {
        let enterprise = Enterprise {
            country: Country::parse("DE").unwrap(),
            sbc_regions: SbcRegions::from_codes(SbcRegionCode::parse("emea")).unwrap(),
            user_limit: None,
            switches: Switches::default(),
        };
        let email = EmailAddress::parse(&format!("{}{}@model.example", self.tier.id_prefix(), self.number)).unwrap();
        let is_enterprise = self.tier == Tier::Enterprise;
        let account = NewAccount {
            id: self.id,
            tier: self.tier,
            master_reseller_id: self.above[0],
            reseller_id: self.above[1],
            name: "to be named",
            email: &email,
            billing_reference: (self.tier == Tier::Reseller).then_some("REF"),
            services: services(names),
            enterprise: is_enterprise.then_some(&enterprise),
            now,
        };
        assert!(accounts::insert(tx, &account)?);
        if !is_enterprise {
            return Ok(());
        }
        let region = SbcRegionCode::parse("emea").unwrap();
        let base = HostName::parse("emea.teammate.example").unwrap();
        let link = Link {
            domain: RouteDomain::below(&format!("model-{}", self.number), &base).unwrap(),
            tenant: Tenant::parse("model.example").unwrap(),
        };
        let state = State::Established { link, txt: VerificationTxt::parse("MS=ms12345678").unwrap() };
        let route = Route {
            region,
            state,
            since: now,
            attempts: 0,
            due_at: now,
            last_error: None,
            anchor: None,
            voice_policy: None,
        };
        let routing = DirectRouting { version: 1, consent_given_at: None, permissions: None, routes: vec![route] };
        assert!(direct_routing::save(tx, self.id, &DirectRouting::default(), &routing)?);
        let domain = HostName::parse(&self.sip_domain()).unwrap();
        let location = Location::parse("Berlin").unwrap();
        let settings = pbx::Settings::new(PbxType::ALL[0], location, domain, &pbx::Change::default());
        pbxes::insert(tx, self.id, self.pbx, &settings, now)?.expect("the location is free");
        let by_ip = trunk::Change {
            method: Some(trunk::Method::Ip),
            networks: Some(vec![Network::parse("192.0.2.1").unwrap()]),
            ..trunk::Change::default()
        };
        let (name, host) = (TrunkName::parse("Main").unwrap(), Host::parse("sip.carrier.example").unwrap());
        trunks::insert(tx, self.id, self.trunk, &trunk::Settings::new(name, host, &by_ip).unwrap(), None, now)?;
        Ok(())
    }

    /// Does what happened.
    fn apply(&self, tx: &mut StoreConnection, event: &Event, now: Instant) -> Result<(), Error> {
        if let Event::Created(names) = event {
            return self.create(tx, names, now);
        }
        let account = accounts::by_id(tx, &Scope::Platform, self.tier, self.id)?.expect("the account");
        match event {
            Event::Created(_) => {}
            Event::Activated => accounts::activate(tx, &account, now)?,
            Event::Suspended => accounts::set_status(tx, &account, Status::Suspended, now)?,
            Event::Resumed => accounts::set_status(tx, &account, Status::Active, now)?,
            Event::Closed => persistence::closing::close(tx, &account, now)?,
            Event::Named(name, reference) => {
                let change = Change {
                    name: Some(name.clone()),
                    billing_reference: Some(reference.clone()),
                    ..Change::default()
                };
                assert!(accounts::update(tx, &account, &change, now)?);
            }
            Event::Serves(names) => {
                let change = Change { services: Some(services(names)), ..Change::default() };
                assert!(accounts::update(tx, &account, &change, now)?);
            }
            Event::UserOn(user, service) => {
                let settings = self.settings(*user, service);
                let known = users::by_id(tx, self.id, self.user(*user))?;
                if let Some(before) = known {
                    assert!(users::update(tx, &before, &settings, None, now)?.is_ok());
                } else {
                    let sip_domain = settings.assignment.pbx().map(|_| self.sip_domain());
                    let (id, account, settings) = (self.user(*user), self.id, &settings);
                    users::insert_all(tx, &[NewUser { id, account, settings, sip_domain, password: None, now }])?;
                }
            }
            Event::UserGone(user) => {
                let user = users::by_id(tx, self.id, self.user(*user))?.expect("the user");
                users::delete(tx, &user, now)?;
            }
        }
        Ok(())
    }

    fn sip_domain(&self) -> String {
        format!("sip{}.model.example", self.number)
    }

    fn user(&self, user: u8) -> UserId {
        let number = u128::try_from(self.number).unwrap();
        UserId::from_uuid(uuid::Uuid::from_u128(
            0x018c_0000_0000_7000_8000_0000_0000_0000 | number << 8 | u128::from(user),
        ))
    }

    fn settings(&self, user: u8, service: &str) -> Settings {
        let assignment = match service {
            "pbx" => {
                let sip_user = SipUser::parse(&format!("{}", 100 + u32::from(user))).unwrap();
                Assignment::Pbx { pbx: self.pbx, sip_user, auth_id: None }
            }
            _ => Assignment::Trunk(self.trunk),
        };
        Settings {
            teams_user: UserPrincipalName::parse(&format!("user{user}@model{}.example", self.number)).unwrap(),
            assignment,
            default_number: None,
            forwarded_numbers: Vec::new(),
            voice_route: SbcRegionCode::parse("emea").unwrap(),
            tag: None,
        }
    }
}

/// Everything that happened, in the store and for the model.
struct World {
    masters: Vec<(Stored, History)>,
    resellers: Vec<(Stored, usize, History)>,
    enterprises: Vec<(Stored, usize, History)>,
}

impl World {
    async fn begin(app: &App, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let stored = |number: usize, tier: Tier, above: [Option<AccountId>; 2], born: Instant| {
            let id = new_id(born);
            let own = |of: Tier, above: Option<AccountId>| if tier == of { Some(id) } else { above };
            let above = [own(Tier::MasterReseller, above[0]), own(Tier::Reseller, above[1])];
            Stored { number, tier, id, above, pbx: new_id(born), trunk: new_id(born) }
        };
        let born = at("2023-12-01T10:00:00Z");
        let masters: Vec<_> = (0..MASTERS)
            .map(|number| {
                let history = life_above(&mut dice, &format!("Master {number}"));
                (stored(number, Tier::MasterReseller, [None, None], born), history)
            })
            .collect();
        let resellers: Vec<_> = (0..RESELLERS)
            .map(|number| {
                let master = number % MASTERS;
                let history = life_above(&mut dice, &format!("Reseller {number}"));
                (stored(number, Tier::Reseller, [Some(masters[master].0.id), None], born), master, history)
            })
            .collect();
        let enterprises: Vec<_> = (0..ENTERPRISES)
            .map(|number| {
                let reseller = number % RESELLERS;
                let history = life(&mut dice, &format!("Enterprise {number}"));
                let (above, master, _) = &resellers[reseller];
                let above = [Some(masters[*master].0.id), Some(above.id)];
                (stored(number, Tier::Enterprise, above, history[0].0), reseller, history)
            })
            .collect();
        let above = masters.iter().map(|(stored, history)| (*stored, history.clone()));
        let below = resellers.iter().chain(&enterprises).map(|(stored, _, history)| (*stored, history.clone()));
        let all: Vec<_> = above.chain(below).collect();
        for batch in all.chunks(100) {
            let batch = batch.to_vec();
            let write = move |tx: &mut StoreConnection| {
                for (stored, history) in &batch {
                    history.iter().try_for_each(|(when, event)| stored.apply(tx, event, *when))?;
                }
                Ok::<_, Error>(())
            };
            app.service().database.write(write).await.expect("the store");
        }
        Self { masters, resellers, enterprises }
    }

    /// The lines of a month, in the order of a report.
    fn expected(&self, month: &str, status: &str) -> Vec<Value> {
        let start = at(&format!("{month}-01T00:00:00Z"));
        let end = start.checked_add_months(Months::new(1)).unwrap();
        let text = |instant: Instant| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut lines = Vec::new();
        for (enterprise, reseller, history) in &self.enterprises {
            let (reseller, master, of_reseller) = &self.resellers[*reseller];
            let (found, own, above) = simulate(start, history, of_reseller, &self.masters[*master].1);
            for (service, line) in found {
                lines.push(json!({
                    "period_start": text(start),
                    "period_end": text(end),
                    "status": status,
                    "reseller_id": Tier::Reseller.format_id(reseller.id),
                    "reseller_name": above.name,
                    "reseller_billing_reference": above.reference,
                    "enterprise_id": Tier::Enterprise.format_id(enterprise.id),
                    "enterprise_name": own.name,
                    "enterprise_billing_reference": own.reference,
                    "service": service,
                    "users_at_end": line.at_end,
                    "users_peak": line.peak,
                    "user_days": line.user_days,
                    "active_days": line.active_days,
                    "suspended_days": line.suspended_days,
                    "amends": null,
                }));
            }
        }
        lines.sort_by_key(|line| [line["enterprise_id"].to_string(), line["service"].to_string()]);
        lines
    }
}

async fn report(app: &App, person: &Person, query: &str) -> Vec<Value> {
    let answer = app.get(&format!("/billing-reports/{query}")).bearer(&person.token);
    let answer = answer.header("accept", "application/x-ndjson").send().await.expect(200);
    answer.text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[track_caller]
fn assert_same(found: &[Value], expected: &[Value], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{what}");
    }
    assert_eq!(found.len(), expected.len(), "{what}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn r15_model_and_report_agree_line_by_line(#[values(Sqlite, Postgresql)] database: Database) {
    let app = App::start(database).await;
    let world = World::begin(&app, if database == Sqlite { 0x5EED_0001 } else { 0x5EED_0002 }).await;
    let operator = app.operator().await;
    let mut lines = 0;
    for month in MONTHS {
        let expected = world.expected(month, "open");
        let found = report(&app, &operator, month).await;
        assert_same(&found, &expected, month);
        lines += found.len();

        // The report of a reseller is its part of its master reseller's, and that a part of the whole: parts add up.
        let mut parts = Vec::new();
        for (index, (master, _)) in world.masters.iter().enumerate() {
            let billing = app.member(&Tier::MasterReseller.format_id(master.id), Role::Billing).await;
            let of_master = report(&app, &billing, month).await;
            let mut parts_of_master = Vec::new();
            for (reseller, _, _) in world.resellers.iter().filter(|(_, master, _)| *master == index) {
                let id = Tier::Reseller.format_id(reseller.id);
                let billing = app.member(&id, Role::Billing).await;
                let own = report(&app, &billing, month).await;
                assert_eq!(own, report(&app, &operator, &format!("{month}?reseller_id={id}")).await);
                parts_of_master.extend(own);
            }
            parts_of_master.sort_by_key(|line| [line["enterprise_id"].to_string(), line["service"].to_string()]);
            assert_same(&of_master, &parts_of_master, "the parts of a master reseller");
            parts.extend(of_master);
        }
        parts.sort_by_key(|line| [line["enterprise_id"].to_string(), line["service"].to_string()]);
        assert_same(&parts, &found, "the parts of the whole");
    }
    assert!(lines > 5_000, "{lines} lines are few");

    // Made final, it says the same.
    for month in ["2024-02", "2023-12"] {
        let finalise = app.post(&format!("/billing-reports/{month}/finalise")).bearer(&operator.token);
        let _ = finalise.send().await.expect(200);
        assert_same(&report(&app, &operator, month).await, &world.expected(month, "final"), "final");
    }
}

#[test]
fn the_model_counts_by_hand_what_it_should() {
    let month = at("2024-02-01T00:00:00Z");
    let above: History =
        vec![(at("2023-12-01T00:00:00Z"), Event::Created(vec!["pbx"])), (at("2023-12-02T00:00:00Z"), Event::Activated)];
    let mut stopped = above.clone();
    stopped.push((at("2024-02-10T12:00:00Z"), Event::Suspended));
    stopped.push((at("2024-02-12T00:00:00Z"), Event::Resumed));
    let own: History = vec![
        (at("2024-02-28T23:59:59.999Z"), Event::Created(vec!["pbx"])),
        (at("2024-02-28T23:59:59.999Z"), Event::Activated),
        (at("2024-02-28T23:59:59.999Z"), Event::UserOn(1, "pbx")),
        (at("2024-02-29T12:00:00Z"), Event::UserGone(1)),
        (at("2024-02-29T12:00:00Z"), Event::UserOn(2, "pbx")),
    ];
    let (lines, _, _) = simulate(month, &own, &above, &above);
    let line = &lines["pbx"];
    assert_eq!((line.at_end, line.peak, line.user_days, line.active_days, line.suspended_days), (1, 1, 3, 2, 0));
    let (lines, _, _) = simulate(month, &above, &above, &stopped);
    let line = &lines["pbx"];
    assert_eq!((line.active_days, line.suspended_days), (28, 2));
}
