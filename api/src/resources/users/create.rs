//! Creating users, many at once.

use std::collections::{BTreeSet, HashMap};

use domain::Timestamp;
use domain::account::{Account, Tier, check_open};
use domain::authority::Target;
use domain::direct_routing::DirectRouting;
use domain::enterprise::UserLimit;
use domain::id::{AccountId, PbxId, TrunkId, UserId};
use domain::refusal::{Refusal, UserClaim};
use domain::user::{Settings, User, check_numbers, check_room};
use domain::values::sip::SipPassword;
use persistence::accounts::Lock;
use persistence::taken_claims::TakenClaims;
use persistence::teams_users::HeldNumbers;
use persistence::users::{NewUser, Taken};
use persistence::{StoreConnection, accounts, direct_routing, pbxes, taken_claims, trunks, users};
use serde_json::Value;

use super::operations::{WriteUser, check_assignment, fields, is_held_elsewhere, may_add, switches};
use super::wire;
use crate::access::Origin;
use crate::app::{Asked, SetOperation, Tools};
use crate::error::{Error, Result};
use crate::events::record::{NewEvent, record_all};
use crate::http::{Answer, Parsed};
use crate::ids::new_id;
use crate::resources::teams::in_teams::InTeams;
use crate::resources::telephony::sealed;

/// The request to create a user.
pub struct Creation {
    /// The id of its enterprise, as given.
    pub enterprise: String,
    /// The data of the user.
    pub command: Parsed<WriteUser>,
}

impl SetOperation for Creation {
    fn claims(&self) -> Option<&str> {
        // What several users of a set claim is decided in the order of the requests.
        None
    }

    fn carry_out(
        tx: &mut StoreConnection,
        tools: &Tools,
        asked: &[Asked<'_, Self>],
    ) -> Result<Vec<Result<(Answer, AccountId)>>> {
        let wanted = asked.iter().filter_map(|asked| {
            // Nobody waits for the lock of an enterprise whose users they may not change.
            asked.actor.may(Target::Telephony).ok()?;
            Some((asked.actor.scope(), Tier::Enterprise, Tier::Enterprise.parse_id(&asked.operation.enterprise)?))
        });
        let enterprises = accounts::parents(tx, &wanted.collect::<Vec<_>>(), Lock::Exclusive)?;
        let (mut given, mut outcomes) = (Vec::new(), Vec::new());
        for asked in asked {
            let admitted = admit(tx, asked, &enterprises);
            outcomes.push(admitted.map(|one| given.push(one)));
        }
        let created = all(tx, tools, &given)?;
        let in_teams = InTeams::load(tx, created.iter().flatten(), true)?;
        let mut created = created.into_iter().zip(&given);
        let answer = |admitted: Result<()>| {
            admitted?;
            let (user, new) = created.next().ok_or(Refusal::NotFound)?;
            let user = user?;
            let location = format!("/users/{}", user.id);
            let version = user.version;
            let teams = in_teams.view(&user);
            let shown = wire::User::view(user, teams, new.asked.actor.sees_sip_data(new.account));
            Ok((Answer::resource(&shown, version)?.created(location), new.account.id))
        };
        Ok(outcomes.into_iter().map(answer).collect())
    }
}

/// The response that shows a user, with its `ETag`. `automatic` says whether the service gives users their numbers in Teams
/// itself.
pub fn answer(tx: &mut StoreConnection, user: User, sees_sip_data: bool, automatic: bool) -> Result<Answer> {
    let version = user.version;
    let teams = InTeams::load(tx, [&user], automatic)?.view(&user);
    Answer::resource(&wire::User::view(user, teams, sees_sip_data), version)
}

/// Checks that whoever asks may add users to the enterprise, and that the request has no faults.
fn admit<'a>(
    tx: &mut StoreConnection,
    asked: &Asked<'a, Creation>,
    enterprises: &'a HashMap<AccountId, Account>,
) -> Result<AskedUser<'a>> {
    let Asked { operation, actor, now } = *asked;
    if actor.may(Target::Telephony).is_err() {
        actor.load_enterprise(tx, &operation.enterprise)?;
    }
    let id = Tier::Enterprise.parse_id(&operation.enterprise).ok_or(Refusal::NotFound)?;
    // It was loaded for the whole set, perhaps for somebody else.
    let visible = |account: &&Account| account.ancestry().is_in(actor.scope());
    let account = enterprises.get(&id).filter(visible).ok_or(Refusal::NotFound)?;
    may_add(actor, account)?;
    Ok(AskedUser { account, asked: Asked { operation: operation.command.get()?, actor, now } })
}

/// A user that somebody asks for.
pub struct AskedUser<'a> {
    /// The enterprise that it is to belong to, locked for whoever asks.
    pub account: &'a Account,
    /// The data of the user, and who asks.
    pub asked: Asked<'a, WriteUser>,
}

/// Creates users: what they depend on is loaded once, and what is written goes to each table at once. They are decided on
/// in order, each after the ones before it. One that is refused has written nothing.
pub fn all(tx: &mut StoreConnection, tools: &Tools, asked: &[AskedUser<'_>]) -> Result<Vec<Result<User>>> {
    let drafts: Vec<Result<Draft<'_>>> = asked.iter().map(Draft::new).collect();
    let mut facts = Facts::load(tx, &drafts.iter().flatten().collect::<Vec<_>>())?;
    let mut decided = Vec::with_capacity(drafts.len());
    for draft in &drafts {
        let draft = draft.as_ref().map_err(Error::clone);
        decided.push(draft.and_then(|draft| Ok((draft, facts.decide(tx, tools, draft)?))));
    }
    let new: Vec<(&Draft<'_>, &NewUser<'_>)> = decided.iter().flatten().map(|(draft, new)| (*draft, new)).collect();
    write(tx, &new)?;
    facts.note_taken(tools);
    Ok(decided.into_iter().map(|decided| decided.map(|(_, new)| new.user())).collect())
}

/// A user whose data have no faults, before it is decided on.
struct Draft<'a> {
    id: UserId,
    account: &'a Account,
    settings: Settings,
    password: Option<&'a SipPassword>,
    origin: &'a Origin,
    now: Timestamp,
}

impl<'a> Draft<'a> {
    fn new(new: &AskedUser<'a>) -> Result<Self> {
        let AskedUser { account, asked: Asked { operation, actor, now } } = *new;
        let settings = operation.change.create().map_err(Error::faulty)?;
        let password = operation.password.as_ref().and_then(Option::as_ref);
        Ok(Self { id: new_id(now), account, settings, password, origin: actor.origin(), now })
    }

    /// The account whose claims are limited, if this one claims anything that is unique in the whole service.
    fn claimant(&self) -> Option<AccountId> {
        let Settings { assignment, .. } = &self.settings;
        let claims = assignment.sip_user().is_some() || self.settings.numbers().next().is_some();
        self.origin.account.filter(|_| claims && self.origin.is_limited())
    }

    fn user(&self, sip_domain: Option<String>, password: Option<Vec<u8>>) -> NewUser<'_> {
        NewUser { id: self.id, account: self.account.id, settings: &self.settings, sip_domain, password, now: self.now }
    }

    /// The SIP domain of its PBX, if the enterprise has that PBX.
    fn sip_domain(&self, pbxes: &HashMap<PbxId, (AccountId, String)>) -> Option<String> {
        let (owner, domain) = pbxes.get(&self.settings.assignment.pbx()?)?;
        (*owner == self.account.id).then(|| domain.clone())
    }

    fn limit(&self) -> Option<UserLimit> {
        self.account.enterprise.as_ref()?.user_limit
    }
}

/// What has to be known about the new users of a set.
struct Facts {
    /// The enterprises and SIP domains of PBXs.
    pbxes: HashMap<PbxId, (AccountId, String)>,
    /// The enterprises of trunks.
    trunks: HashMap<TrunkId, AccountId>,
    routings: HashMap<AccountId, DirectRouting>,
    /// The numbers of users of enterprises that have a limit.
    counts: HashMap<AccountId, i64>,
    /// The claims of accounts that were refused today, and how many of them in this set.
    refused: HashMap<AccountId, (Option<TakenClaims>, u32)>,
    taken: Taken,
    being_released: HeldNumbers,
}

impl Facts {
    fn load(tx: &mut StoreConnection, drafts: &[&Draft<'_>]) -> Result<Self> {
        let pbx_ids: BTreeSet<PbxId> = drafts.iter().filter_map(|draft| draft.settings.assignment.pbx()).collect();
        let trunk_ids: BTreeSet<TrunkId> =
            drafts.iter().filter_map(|draft| draft.settings.assignment.trunk()).collect();
        let enterprises: BTreeSet<AccountId> = drafts.iter().map(|draft| draft.account.id).collect();
        let limited: BTreeSet<AccountId> =
            drafts.iter().filter(|draft| draft.limit().is_some()).map(|draft| draft.account.id).collect();
        let pbxes = pbxes::domains(tx, &pbx_ids.into_iter().collect::<Vec<_>>())?;
        let wanted: Vec<_> = drafts.iter().map(|draft| draft.user(draft.sip_domain(&pbxes), None)).collect();
        let taken = Taken::load(tx, &wanted)?;
        let being_released = HeldNumbers::load(tx, drafts.iter().map(|draft| &draft.settings))?;
        let mut refused = HashMap::new();
        for draft in drafts {
            if let Some(account) = draft.claimant()
                && !refused.contains_key(&account)
            {
                refused.insert(account, (taken_claims::today(tx, account, draft.now)?, 0));
            }
        }
        Ok(Self {
            trunks: trunks::owners(tx, &trunk_ids.into_iter().collect::<Vec<_>>())?,
            routings: direct_routing::load_all(tx, &enterprises.into_iter().collect::<Vec<_>>())?,
            counts: users::counts(tx, &limited.into_iter().collect::<Vec<_>>())?,
            pbxes,
            refused,
            taken,
            being_released,
        })
    }

    /// Decides on a new user, which then counts and has what it claims.
    fn decide<'b>(&mut self, tx: &mut StoreConnection, tools: &Tools, draft: &'b Draft<'_>) -> Result<NewUser<'b>> {
        let Draft { id, account, settings, password, origin, now } = draft;
        let assignment = &settings.assignment;
        let sip_domain = draft.sip_domain(&self.pbxes);
        let has_trunk = assignment.trunk().is_some_and(|trunk| self.trunks.get(&trunk) == Some(&account.id));
        check_assignment(assignment, sip_domain.is_some() || has_trunk, password.is_some())?;
        check_open(account.status)?;
        match self.routings.get(&account.id) {
            Some(routing) => routing.check_voice_route(&settings.voice_route)?,
            None => DirectRouting::default().check_voice_route(&settings.voice_route)?,
        }
        check_numbers(settings, switches(account))?;
        let count = self.counts.entry(account.id).or_default();
        check_room(draft.limit(), *count)?;
        let claimant = draft.claimant();
        if let Some(claimant) = claimant {
            let (today, refused) = self.refused.get(&claimant).copied().unwrap_or_default();
            tools.taken_claims.check(claimant, today, refused, *now)?;
        }
        let new = draft.user(sip_domain, password.map(|password| sealed(&tools.seal, *id, password)).transpose()?);
        if let Some(claim) = self.taken.first(&new) {
            if let (Some(claimant), Some(scope)) = (claimant, origin.scope())
                && claim != UserClaim::TeamsUser
                && is_held_elsewhere(tx, &scope, self.taken.holders(&new))?
            {
                self.refused.entry(claimant).or_default().1 += 1;
            }
            return Err(Refusal::UserClaimTaken(claim).into());
        }
        if let Some((claim, holder)) = self.being_released.first(*id, settings) {
            if let (Some(claimant), Some(scope)) = (claimant, origin.scope())
                && is_held_elsewhere(tx, &scope, BTreeSet::from([holder]))?
            {
                self.refused.entry(claimant).or_default().1 += 1;
            }
            return Err(Refusal::NumberBeingReleased(claim).into());
        }
        *count += 1;
        self.taken.add(&new);
        Ok(new)
    }

    /// Counts the claims that were refused because somebody else has the value.
    fn note_taken(&self, tools: &Tools) {
        for (account, (_, refused)) in self.refused.iter().filter(|(_, (_, refused))| *refused > 0) {
            tools.taken_claims.note(*account, *refused);
        }
    }
}

fn write(tx: &mut StoreConnection, new: &[(&Draft<'_>, &NewUser<'_>)]) -> Result<()> {
    let rows: Vec<NewUser<'_>> = new.iter().map(|(_, new)| (*new).clone()).collect();
    users::insert_all(tx, &rows)?;
    let created = |(draft, new): &(&Draft<'_>, &NewUser<'_>)| NewEvent {
        action: "user.created".to_owned(),
        subject: new.id.to_string(),
        ancestry: draft.account.ancestry(),
        before: Value::Null,
        after: fields(&new.user()),
    };
    let events: Vec<NewEvent> = new.iter().map(created).collect();
    let events: Vec<_> = new.iter().zip(&events).map(|((draft, _), event)| (draft.origin, event, draft.now)).collect();
    record_all(tx, &events)
}
