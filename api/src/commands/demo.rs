//! `teammate demo`: fills an empty database with a reproducible example tree.

use clap::Args;
use domain::Timestamp;
use domain::account::{Ancestry, Tier};
use domain::enterprise::{Country, Enterprise, SbcRegions, Switches, UserLimit};
use domain::id::{AccountId, EventId, Id};
use domain::services::Services;
use domain::status::Status;
use domain::values::email::EmailAddress;
use indicatif::{ProgressBar, ProgressStyle};
use persistence::accounts::NewAccount;
use persistence::{Database, Error, StoreConnection, accounts, events, search};
use uuid::{NoContext, Uuid};

use super::demo_equipment::{self, Equipment, created, is_established};
use super::say;
use crate::settings::sbc_regions::SbcRegion;

/// Accounts that are created in one transaction.
const BATCH: usize = 2_000;
/// Accounts that are added to the search index in one transaction.
const SEARCH_BATCH: i32 = 20_000;
/// Resellers below each master reseller.
const RESELLERS_EACH: usize = 1_000;
/// The demo's first instant. It is fixed, so that the tree always has the same ids.
const START_MS: i64 = 1_767_225_600_000;

const COMPANIES: [&str; 8] =
    ["Nordwind", "Contoso", "Fabrikam", "Alpenblick", "Café Müller", "Østerbro", "نور", "Tailwind"];
const KINDS: [&str; 5] = ["Telefonie", "Communications", "Networks", "Voice", "IT Services"];

const COUNTRIES: [&str; 5] = ["DE", "US", "FR", "DK", "JP"];

/// The size of the tree.
#[derive(Debug, Clone, Args)]
pub(super) struct Demo {
    /// Number of resellers.
    #[arg(long, default_value_t = 100)]
    resellers: usize,
    /// Number of enterprises, spread over the resellers. Most have an established route, a PBX and a trunk. Some are
    /// pending, and some have a route that is in progress or has failed.
    #[arg(long, default_value_t = 1_000)]
    enterprises: usize,
    /// Number of users, spread over the enterprises. Enterprises without an established route get none of their share.
    #[arg(long, default_value_t = 5_000)]
    users: usize,
    /// Use a temporary database and start the service on it, with a sign-in for every tier.
    #[arg(long)]
    pub(super) serve: bool,
}

/// The e-mail addresses of one account per tier: a reseller, its master reseller, and one of its enterprises with a
/// route in the first region.
pub(super) fn one_of_each(demo: &Demo, regions: &[SbcRegion]) -> Vec<(Tier, String)> {
    let masters = demo.resellers.div_ceil(RESELLERS_EACH).max(1);
    let mut each = vec![(Tier::MasterReseller, address(Tier::MasterReseller, 0))];
    if demo.resellers > 0 {
        each.push((Tier::Reseller, address(Tier::Reseller, masters)));
        let first = masters + demo.resellers;
        let mut own = (first..first + demo.enterprises).step_by(demo.resellers);
        let connected = own.find(|number| {
            !is_pending(*number) && is_established(*number) && number.is_multiple_of(regions.len().max(1))
        });
        each.extend(connected.map(|number| (Tier::Enterprise, address(Tier::Enterprise, number))));
    }
    each
}

fn address(tier: Tier, number: usize) -> String {
    format!("{}-{number}@demo.example", tier.as_str().replace('_', "-"))
}

#[derive(Debug, Clone)]
struct Example {
    id: AccountId,
    tier: Tier,
    master_reseller: Option<AccountId>,
    reseller: Option<AccountId>,
    name: String,
    email: EmailAddress,
    billing_reference: Option<String>,
    enterprise: Option<Enterprise>,
    equipment: Option<Equipment>,
    at: Timestamp,
}

/// Fills the database and shows the progress.
pub(super) async fn run(database: &Database, demo: &Demo, regions: &[SbcRegion]) -> Result<(), String> {
    let failed = |error: Error| error.to_string();
    let taken = database.read(accounts::any_below_platform).await.map_err(failed)?;
    if taken {
        return Err("the database already has accounts; `demo` needs an empty one".to_owned());
    }
    let masters = demo.resellers.div_ceil(RESELLERS_EACH).max(1);
    let total = masters + demo.resellers + demo.enterprises;
    let progress = ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} accounts, {per_sec}, {eta} left");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let started = std::time::Instant::now();
    let mut from = 0;
    while from < total {
        let to = (from + BATCH).min(total);
        let batch = (from..to).map(|number| example(number, masters, demo, regions)).collect::<Result<Vec<_>, _>>()?;
        database.write(move |tx| write(tx, &batch)).await.map_err(failed)?;
        progress.set_position(u64::try_from(to).unwrap_or(u64::MAX));
        from = to;
    }
    while database.write(|tx| search::index_waiting(tx, SEARCH_BATCH)).await.map_err(failed)? > 0 {}
    progress.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = total as f64 / seconds;
    say(&format!("{total} accounts in {seconds:.1} s, {rate:.0} a second."));
    Ok(())
}

/// The account with a number. Master resellers come first, then resellers, then enterprises.
fn example(number: usize, masters: usize, demo: &Demo, regions: &[SbcRegion]) -> Result<Example, String> {
    let Demo { resellers, enterprises, users, serve: _ } = *demo;
    let tier = if number < masters {
        Tier::MasterReseller
    } else if number < masters + resellers {
        Tier::Reseller
    } else {
        Tier::Enterprise
    };
    let reseller = match tier {
        Tier::Reseller => Some(number - masters),
        Tier::Enterprise if resellers > 0 => Some((number - masters - resellers) % resellers),
        _ => None,
    };
    let master = match tier {
        Tier::MasterReseller => number,
        _ => reseller.map_or(0, |reseller| reseller / RESELLERS_EACH),
    };
    let enterprise = if tier == Tier::Enterprise {
        let index = number - masters - resellers;
        // The first ones have one more if the users can't be divided evenly.
        let own = users / enterprises.max(1) + usize::from(index < users % enterprises.max(1));
        let region = regions.get(number % regions.len().max(1)).ok_or("there is no SBC region")?;
        let equipment = if is_pending(number) { None } else { Some(Equipment::example(number, region, own)?) };
        Some((of_enterprise(number, region, own)?, equipment))
    } else {
        None
    };
    let email = EmailAddress::parse(&address(tier, number)).map_err(|fault| fault.detail)?;
    let name = format!("{} {} {number}", COMPANIES[number % COMPANIES.len()], KINDS[number / 3 % KINDS.len()]);
    Ok(Example {
        id: id(number),
        tier,
        master_reseller: Some(id(master)),
        reseller: reseller.map(|reseller| id(masters + reseller)),
        name,
        email,
        billing_reference: (tier != Tier::MasterReseller).then(|| format!("DEMO-{number:07}")),
        enterprise: enterprise.as_ref().map(|(enterprise, _)| enterprise.clone()),
        equipment: enterprise.and_then(|(_, equipment)| equipment),
        at: instant(number),
    })
}

/// Whether the enterprise with a number is pending.
const fn is_pending(number: usize) -> bool {
    number % 50 == 9
}

fn of_enterprise(number: usize, region: &SbcRegion, users: usize) -> Result<Enterprise, String> {
    Ok(Enterprise {
        country: Country::parse(COUNTRIES[number % COUNTRIES.len()]).map_err(|fault| fault.detail)?,
        sbc_regions: SbcRegions::from_codes([region.code.clone()]).ok_or("there is no SBC region")?,
        user_limit: (!number.is_multiple_of(3))
            .then(|| UserLimit::parse(i64::try_from(users.max(10)).unwrap_or(i64::MAX)))
            .transpose()
            .map_err(|fault| fault.detail)?,
        switches: Switches::default(),
    })
}

impl Example {
    /// Whether it is active from the start; others are pending.
    const fn is_active(&self) -> bool {
        self.enterprise.is_none() || self.equipment.is_some()
    }

    fn account(&self) -> NewAccount<'_> {
        NewAccount {
            id: self.id,
            tier: self.tier,
            master_reseller_id: self.master_reseller,
            reseller_id: self.reseller,
            name: &self.name,
            email: &self.email,
            billing_reference: self.billing_reference.as_deref(),
            services: Services::ALL,
            enterprise: self.enterprise.as_ref(),
            now: self.at,
        }
    }

    fn ancestry(&self) -> Ancestry {
        Ancestry {
            master_reseller: self.master_reseller,
            reseller: self.reseller,
            enterprise: self.enterprise.as_ref().map(|_| self.id),
        }
    }
}

fn write(tx: &mut StoreConnection, examples: &[Example]) -> Result<(), Error> {
    for (status, active) in [(Status::Active, true), (Status::Pending, false)] {
        let new = examples.iter().filter(|example| example.is_active() == active).map(Example::account);
        if !accounts::insert_all(tx, &new.collect::<Vec<_>>(), status)? {
            return Err(Error::Corrupt("the address of an example is taken".to_owned()));
        }
    }
    let equipped = examples
        .iter()
        .filter_map(|example| Some((example.equipment.as_ref()?, example.id, example.ancestry(), example.at)));
    demo_equipment::write_all(tx, &equipped.collect::<Vec<_>>())?;
    let texts: Vec<_> = examples
        .iter()
        .map(|example| (format!("{}.created", example.tier.as_str()), example.tier.format_id(example.id)))
        .collect();
    let events = examples.iter().zip(&texts).map(|(example, (action, subject))| {
        created(EventId::from_uuid(example.id.uuid()), (action, subject), example.ancestry(), example.at)
    });
    events::record_all(tx, &events.collect::<Vec<_>>())
}

/// The creation time of the account with a number: one account per millisecond.
fn instant(number: usize) -> Timestamp {
    let ms = START_MS.saturating_add(i64::try_from(number).unwrap_or(0));
    chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// A `UUIDv7` whose random part is the number, so that it is always the same.
fn id(number: usize) -> AccountId {
    part_id(number, 0, 0)
}

/// A reproducible id for a part of an account, by the kind of part and its index.
pub(super) fn part_id<K>(number: usize, kind: u8, index: u16) -> Id<K> {
    let at = instant(number);
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    let time = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos()));
    let mut octets = *time.as_bytes();
    octets[6] = 0x70;
    octets[7] = kind;
    octets[8..].copy_from_slice(&(number as u64).to_be_bytes());
    octets[8] = 0x80;
    octets[9..11].copy_from_slice(&index.to_be_bytes());
    Id::from_uuid(Uuid::from_bytes(octets))
}
