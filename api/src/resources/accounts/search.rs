//! Search across accounts of all tiers, and a summary of what is below an account.

use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use domain::account::{Account, Scope, Tier};
use domain::authority::Target;
use domain::id::AccountId;
use domain::limits::{self, SEARCH_MAX, SEARCH_MIN};
use domain::refusal::Refusal;
use domain::status::Status;
use persistence::accounts::Tree;
use persistence::search::{Hit, Match, Search};
use persistence::{StoreConnection, accounts, search};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Actor, Read};
use crate::app::Call;
use crate::error::{Error, ErrorCode, Result};
use crate::http::page::{Listed, Page, Paging};
use crate::http::params::PageQuery;
use crate::http::query::{Query, search_text};
use crate::http::{Answer, Id, field};
use crate::shown;
use crate::views::account::StatusView;

const PATH: &str = "/accounts";

/// The tier of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// The operator of the service.
    Platform,
    /// A partner that manages resellers.
    MasterReseller,
    /// An organisation that sells the service to enterprises.
    Reseller,
    /// A customer whose phone system is connected to Teams.
    Enterprise,
}

impl From<Tier> for AccountType {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Platform => Self::Platform,
            Tier::MasterReseller => Self::MasterReseller,
            Tier::Reseller => Self::Reseller,
            Tier::Enterprise => Self::Enterprise,
        }
    }
}

/// Why an account was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// Its name, e-mail address or billing reference contains the text.
    Text,
    /// One of its users has the phone number.
    Number,
    /// The domain belongs to one of its routes or PBXs.
    Domain,
    /// One of its users is the Teams user.
    TeamsUser,
}

impl From<Match> for MatchedBy {
    fn from(matched: Match) -> Self {
        match matched {
            Match::Text => Self::Text,
            Match::Number => Self::Number,
            Match::Domain => Self::Domain,
            Match::TeamsUser => Self::TeamsUser,
        }
    }
}

/// A search result: an account of any tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "billing_reference": "K-0815"}))]
pub struct FoundAccount {
    /// Its id.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Its tier, which tells where to read the complete account, for example at `/enterprises/{id}`.
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// Id of the master reseller that it belongs to; its own id if it is a master reseller.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub master_reseller_id: Option<String>,
    /// Id of the reseller that it belongs to; its own id if it is a reseller, `null` if it is a master reseller.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: Option<String>,
    /// Its name.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// Its e-mail address.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// Its reference in its parent's billing system; `null` if it has none.
    #[schema(value_type = Option<shown::Reference>)]
    pub billing_reference: Option<String>,
    /// Its own status. Does not reflect the accounts above it: see `operates`.
    pub status: StatusView,
    /// Whether it can be used: `true` if it and all accounts above it are active.
    #[schema(example = true)]
    pub operates: bool,
    /// What the search text matched.
    #[schema(value_type = Matches)]
    pub matched_by: Vec<MatchedBy>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<Hit> for FoundAccount {
    fn from(Hit { account, matched }: Hit) -> Self {
        Self {
            id: account.id_text(),
            kind: account.tier.into(),
            operates: account.operates(),
            master_reseller_id: account.master_reseller_id.map(|id| Tier::MasterReseller.format_id(id)),
            reseller_id: account.reseller_id.map(|id| Tier::Reseller.format_id(id)),
            name: account.name,
            email: account.email.into_given(),
            billing_reference: account.billing_reference,
            status: account.status.into(),
            matched_by: matched.into_iter().map(Into::into).collect(),
            created_at: account.created_at,
        }
    }
}

impl Listed for FoundAccount {
    const PLURAL: &str = "accounts";
}

/// A page of search results.
pub type FoundAccountPage = Page<FoundAccount>;

/// An account as the account tree shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"name": "Nordwind Telefonie"}))]
pub struct TreeAccount {
    /// Its id.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Its tier.
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// Its name.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// Its own status. Does not reflect the accounts above it: see `operates`.
    pub status: StatusView,
    /// Whether it can be used: `true` if it and all accounts above it are active.
    #[schema(example = true)]
    pub operates: bool,
}

impl From<Account> for TreeAccount {
    fn from(account: Account) -> Self {
        let (id, operates) = (account.id_text(), account.operates());
        Self { id, kind: account.tier.into(), name: account.name, status: account.status.into(), operates }
    }
}

/// The number of accounts of one tier below an account, counted by their own status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TreeLevel {
    /// The tier of the counted accounts.
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// Number of accounts that are not activated yet.
    #[schema(example = 1)]
    pub pending: i64,
    /// Number of active accounts.
    #[schema(example = 12)]
    pub active: i64,
    /// Number of accounts that are suspended themselves. Accounts below a suspended account don't count.
    #[schema(example = 0)]
    pub suspended: i64,
    /// Number of closed accounts.
    #[schema(example = 3)]
    pub closed: i64,
}

/// The number of routes in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"count": 12, "state": "established"}))]
pub struct RouteCount {
    /// The state: `consent_requested`, `domain_pending`, `domain_verified`, `activating`, `established` or `failed`.
    #[schema(value_type = shown::Word)]
    pub state: String,
    /// Number of routes in this state.
    #[schema(value_type = shown::Positive)]
    pub count: i64,
}

/// An account, the accounts above it, and a summary of what is below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountTree {
    /// The account.
    pub account: TreeAccount,
    /// The accounts above it that you can see, from the top down.
    #[schema(value_type = Ancestors)]
    pub ancestors: Vec<TreeAccount>,
    /// The tiers below it, from the top down.
    #[schema(value_type = Levels)]
    pub levels: Vec<TreeLevel>,
    /// Number of started routes below it, by state. For an enterprise, its own routes.
    #[schema(value_type = RouteCounts)]
    pub routes: Vec<RouteCount>,
    /// Number of PBXs below it. For an enterprise, its own PBXs.
    #[schema(example = 9)]
    pub pbxes: i64,
    /// Number of trunks below it. For an enterprise, its own trunks.
    #[schema(example = 4)]
    pub trunks: i64,
    /// Number of users below it. For an enterprise, its own users.
    #[schema(example = 230)]
    pub users: i64,
}

impl AccountTree {
    fn view(account: Account, ancestors: Vec<Account>, tree: Tree) -> Self {
        let Tree { accounts, routes, pbxes, trunks, users } = tree;
        let count = |tier: Tier, status: Status| {
            accounts.iter().filter(|(of, with, _)| (*of, *with) == (tier, status)).map(|(_, _, count)| count).sum()
        };
        let below = Tier::ALL.into_iter().filter(|tier| *tier > account.tier);
        let levels = below
            .map(|tier| TreeLevel {
                kind: tier.into(),
                pending: count(tier, Status::Pending),
                active: count(tier, Status::Active),
                suspended: count(tier, Status::Suspended),
                closed: count(tier, Status::Closed),
            })
            .collect();
        Self {
            account: account.into(),
            ancestors: ancestors.into_iter().map(Into::into).collect(),
            levels,
            routes: routes.into_iter().map(|(state, count)| RouteCount { state, count }).collect(),
            pbxes,
            trunks,
            users,
        }
    }
}

/// Search all accounts
///
/// Finds accounts of all tiers that you can see. `q` matches part of a name, e-mail address or billing reference
/// (case-insensitive), a phone number of a user (the whole number with its country code, or its last digits), the
/// beginning of a domain of a route or PBX, or the beginning of a Teams user. Closed accounts are included unless you
/// filter by `status`. Sorted by creation time, but for one exception: accounts whose name or billing reference is exactly
/// `q`, or whose e-mail address it is, come first, on pages of their own, and `next_cursor` leads to the others. A closed
/// account has no address of its own any more and is found among the others.
///
/// Two limits apply to operators, who search the whole service. If more than 10,000 domains, numbers or Teams users begin
/// with the text, only the accounts of the first 10,000 are found. A text without three letters or digits in a row may be
/// looked for among 100,000 accounts only.
#[utoipa::path(
    params(
        ("q" = shown::WideSearch, Query, description = "The text to search for.", example = "nordwind"),
        ("type" = Option<shown::AccountType>, Query, description = "Only accounts of this tier: `master_reseller`, `reseller` or `enterprise`.", example = "reseller"),
        ("status" = Option<StatusView>, Query, description = "Only accounts with this status."),
        PageQuery,
    ),
    responses((status = 200, description = "A page of the accounts that were found.", body = FoundAccountPage)),
)]
#[get("")]
pub(crate) async fn search_accounts(call: Call<Read>, request: HttpRequest) -> Result<Answer> {
    let text = request.query_string().to_owned();
    call.read_long(move |tx, actor| {
        actor.may(Target::OwnAccount)?;
        let (paging, wanted) = read(&text)?;
        let (caller, scope) = (actor.name(), actor.scope());
        let progress = paging.after_key(&caller, Progress::read)?.unwrap_or(Progress::Whole(None));
        let wanted = Search { sees_sip_data: sees_sip_data(tx, actor)?, ..wanted };
        if let Progress::Whole(after) = progress {
            let mut hits = search::find_whole(tx, &scope, &Search { after, ..wanted.clone() })?;
            if !hits.is_empty() {
                let room = usize::try_from(paging.limit).unwrap_or(usize::MAX);
                let is_last = hits.len() <= room;
                hits.truncate(room);
                let last = hits.last().filter(|_| !is_last).map(|hit| hit.account.id);
                let next = last.map_or(Progress::Others(None), |id| Progress::Whole(Some(id)));
                return paging.answer_before(&caller, hits, &next.key(), FoundAccount::from);
            }
        }
        let after = match progress {
            Progress::Whole(_) => None,
            Progress::Others(after) => after,
        };
        let hits = search::find(tx, &scope, &Search { after, ..wanted })?;
        paging.answer(&caller, hits, |hit| hit.account.id.uuid(), FoundAccount::from)
    })
    .await
}

/// How far a search has come: after which account. First come those of which the text is a whole property, then the
/// others.
#[derive(Debug, Clone, Copy)]
enum Progress {
    Whole(Option<AccountId>),
    Others(Option<AccountId>),
}

impl Progress {
    const WHOLE: u8 = b'w';
    const OTHERS: u8 = b'o';

    /// Reads the key of a cursor. One that consists of an id continues with the others.
    fn read(key: &[u8]) -> Option<Self> {
        match key {
            [Self::WHOLE, id @ ..] => Uuid::from_slice(id).ok().map(|id| Self::Whole(Some(AccountId::from_uuid(id)))),
            [Self::OTHERS] => Some(Self::Others(None)),
            id => Uuid::from_slice(id).ok().map(|id| Self::Others(Some(AccountId::from_uuid(id)))),
        }
    }

    fn key(self) -> Vec<u8> {
        match self {
            Self::Whole(after) => {
                let id = after.map(|id| id.uuid().into_bytes());
                [Self::WHOLE].into_iter().chain(id.into_iter().flatten()).collect()
            }
            Self::Others(None) => vec![Self::OTHERS],
            Self::Others(Some(after)) => after.uuid().into_bytes().to_vec(),
        }
    }
}

/// Whether the search may match SIP data: an enterprise must not find what it may not read.
fn sees_sip_data(tx: &mut StoreConnection, actor: &Actor) -> Result<bool> {
    let scope = actor.scope();
    let Scope::Enterprise(id) = scope else { return Ok(true) };
    let own = accounts::by_id(tx, &scope, Tier::Enterprise, id)?;
    Ok(own.is_some_and(|own| actor.sees_sip_data(&own)))
}

fn read(text: &str) -> Result<(Paging, Search)> {
    let mut query = Query::read(text)?;
    let paging = Paging::from_query(PATH, text, &mut query)?;
    let long_enough = |text: &str| search_text(text, SEARCH_MAX).filter(|text| text.chars().count() >= SEARCH_MIN);
    let wanted = query.parameter("q", "3–100 characters", long_enough)?;
    let wanted = wanted.ok_or_else(|| Error::new(ErrorCode::InvalidParameter, "Say in `q` what to look for."))?;
    let below_platform = |tier: &Tier| *tier != Tier::Platform;
    let tier = query.parameter("type", "master_reseller, reseller or enterprise", |text| {
        Tier::parse(text).filter(below_platform)
    })?;
    let status = query.parameter("status", "pending, active, suspended or closed", Status::parse)?;
    query.finish()?;
    let (newest_first, limit) = (paging.newest_first, paging.limit + 1);
    Ok((paging, Search { text: wanted, tier, status, newest_first, after: None, limit, sees_sip_data: false }))
}

/// Read an account's place in the tree
///
/// Returns the account, the accounts above it that you can see, and the number of accounts (by tier and status), routes
/// (by state), PBXs, trunks and users below it.
#[utoipa::path(
    params(("account_id" = String, Path, description = "The id of a master reseller, a reseller, an enterprise, or the platform.", example = "reseller_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "The account and its place in the tree.", body = AccountTree)),
)]
#[get("/{account_id}/tree")]
pub(crate) async fn get_account_tree(call: Call<Read>, id: Id) -> Result<Answer> {
    call.read_long(move |tx, actor: &Actor| {
        let tier = Tier::ALL.into_iter().find(|tier| tier.parse_id(&id).is_some()).ok_or(Refusal::NotFound)?;
        let account = actor.load_account(tx, tier, &id)?;
        let mut ancestors = Vec::new();
        let above = [(Tier::MasterReseller, account.master_reseller_id), (Tier::Reseller, account.reseller_id)];
        for (tier, id) in above {
            if let Some(id) = id.filter(|id| *id != account.id) {
                ancestors.extend(accounts::by_id(tx, &actor.scope(), tier, id)?);
            }
        }
        let tree = accounts::tree(tx, &account)?;
        Answer::ok(&AccountTree::view(account, ancestors, tree))
    })
    .await
}

type Ancestors = shown::Many<TreeAccount, 0, { limits::ANCESTORS_MAX }>;
type Levels = shown::Many<TreeLevel, 0, { limits::LEVELS_MAX }>;
type RouteCounts = shown::Many<RouteCount, 0, { limits::ROUTE_STATES }>;
type Matches = shown::Many<MatchedBy, 1, { limits::MATCHES_MAX }>;
