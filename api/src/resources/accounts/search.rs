//! Finding accounts, and how much is below one: where support starts when a customer calls.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use domain::account::{Account, Scope, Tier};
use domain::authority::Target;
use domain::id::AccountId;
use domain::limits;
use domain::limits::{SEARCH_MAX, SEARCH_MIN};
use domain::refusal::Refusal;
use domain::status::Status;
use persistence::accounts::Tree;
use persistence::search::{Hit, Match, Search};
use persistence::{StoreConnection, accounts, search};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Actor, Read};
use crate::app::App;
use crate::error::{Error, ErrorCode};
use crate::http::field;
use crate::http::page::{Listed, Page, Paging};
use crate::http::params::PageQuery;
use crate::http::query::{Query, search_text};
use crate::http::{Answer, Caller};
use crate::shown;
use crate::views::account::StatusView;

const PATH: &str = "/accounts";

/// What an account is called in a list of all tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// The operators of the service.
    Platform,
    /// A partner's access into the portal.
    MasterReseller,
    /// The organisation that sells the service.
    Reseller,
    /// The customer that is connected with Teams.
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
    /// The text is in its name, e-mail address or billing reference.
    Text,
    /// A user of it has the number.
    Number,
    /// A route or a PBX of it has the domain.
    Domain,
    /// A user of it is the Teams user.
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

/// An account of any tier that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"name": "Kiosk am Tor", "email": "admin@kiosk.example", "billing_reference": "K-0815"}))]
pub struct FoundAccount {
    /// Its id.
    #[schema(example = "enterprise_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    /// Its tier, which says where to read the whole of it: `/enterprises/{id}` and the like.
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// The master reseller that it belongs to; itself on a master reseller.
    #[schema(example = "master_reseller_01h455vb4pex5vsknk084sn02q")]
    pub master_reseller_id: Option<String>,
    /// The reseller that it belongs to; itself on a reseller, `null` above.
    #[schema(example = "reseller_01h455vb4pex5vsknk084sn02q")]
    pub reseller_id: Option<String>,
    /// Its name.
    #[schema(value_type = shown::Name)]
    pub name: String,
    /// Its e-mail address.
    #[schema(value_type = field::EmailAddress)]
    pub email: String,
    /// What it is called in its parent's billing system.
    #[schema(value_type = Option<shown::Reference>)]
    pub billing_reference: Option<String>,
    /// Its own status, whatever that of the accounts above it.
    pub status: StatusView,
    /// Whether it can be used: it and all accounts above it are active.
    #[schema(example = true)]
    pub operates: bool,
    /// Why it was found.
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
            email: account.email,
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

/// A page of accounts.
pub type FoundAccountPage = Page<FoundAccount>;

/// An account in the tree.
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
    /// Its own status.
    pub status: StatusView,
    /// Whether it can be used: it and all accounts above it are active.
    #[schema(example = true)]
    pub operates: bool,
}

impl From<Account> for TreeAccount {
    fn from(account: Account) -> Self {
        let (id, operates) = (account.id_text(), account.operates());
        Self { id, kind: account.tier.into(), name: account.name, status: account.status.into(), operates }
    }
}

/// How many accounts of a tier are below an account, by their own status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TreeLevel {
    /// The tier.
    #[serde(rename = "type")]
    pub kind: AccountType,
    /// Those that nobody has activated yet.
    #[schema(example = 1)]
    pub pending: i64,
    /// Those in use.
    #[schema(example = 12)]
    pub active: i64,
    /// Those that are suspended themselves.
    #[schema(example = 0)]
    pub suspended: i64,
    /// Those that are gone for good.
    #[schema(example = 3)]
    pub closed: i64,
}

/// How many routes are in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"count": 12, "state": "established"}))]
pub struct RouteCount {
    /// The state: `consent_requested`, `domain_pending`, `domain_verified`, `activating`, `established` or `failed`.
    #[schema(value_type = shown::Word)]
    pub state: String,
    /// How many.
    #[schema(value_type = shown::Positive)]
    pub count: i64,
}

/// An account with what is above and below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountTree {
    /// The account.
    pub account: TreeAccount,
    /// The accounts above it that you see, from the top down.
    #[schema(value_type = Ancestors)]
    pub ancestors: Vec<TreeAccount>,
    /// The tiers below it, from the top down.
    #[schema(value_type = Levels)]
    pub levels: Vec<TreeLevel>,
    /// The started routes of its enterprises, or of itself, by their states.
    #[schema(value_type = RouteCounts)]
    pub routes: Vec<RouteCount>,
    /// The PBXs of its enterprises, or of itself.
    #[schema(example = 9)]
    pub pbxes: i64,
    /// Likewise the trunks.
    #[schema(example = 4)]
    pub trunks: i64,
    /// Likewise the users.
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
/// The accounts of every tier that you see and that a text finds: part of a name, e-mail address or billing reference, in any
/// case; a number of one of their users, with its country code or the end of it; the beginning of a domain of their routes
/// and PBXs, or of a Teams user. Closed accounts are found too, unless you filter by `status`.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "search_accounts",
    params(
        ("q" = shown::WideSearch, Query, description = "What to look for.", example = "nordwind"),
        ("type" = Option<shown::AccountType>, Query, description = "Only accounts of this tier: `master_reseller`, `reseller` or `enterprise`.", example = "reseller"),
        ("status" = Option<StatusView>, Query, description = "Only accounts with this status."),
        PageQuery,
    ),
    responses((status = 200, description = "A page of accounts.", body = FoundAccountPage, headers(("Link" = String, description = "The next page, if there is one (RFC 8288).")))),
    security(("bearer" = []))
)]
#[get("")]
pub(crate) async fn search_accounts(
    app: Data<App>,
    caller: Caller<Read>,
    request: HttpRequest,
) -> Result<Answer, Error> {
    let text = request.query_string().to_owned();
    app.read_long(caller, move |tx, actor, _| {
        actor.may(Target::OwnAccount)?;
        let (paging, wanted) = read(&text)?;
        let caller = actor.name();
        let (after, sees_sip_data) = (paging.after(&caller)?.map(AccountId::from_uuid), sees_sip_data(tx, actor)?);
        let wanted = Search { after, sees_sip_data, ..wanted };
        let hits = search::find(tx, &actor.scope(), &wanted)?;
        paging.answer(&caller, hits, |hit| hit.account.id.uuid(), FoundAccount::from)
    })
    .await
}

/// What an enterprise may not read it can't find, either.
fn sees_sip_data(tx: &mut StoreConnection, actor: &Actor) -> Result<bool, Error> {
    let scope = actor.scope();
    let Scope::Enterprise(id) = scope else { return Ok(true) };
    let own = accounts::by_id(tx, &scope, Tier::Enterprise, id)?;
    Ok(own.is_some_and(|own| actor.sees_sip_data(&own)))
}

fn read(text: &str) -> Result<(Paging, Search), Error> {
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

/// See what is above and below an account
///
/// The account, the accounts above it that you see, and how much is below it: accounts by tier and status, routes by state,
/// PBXs, trunks and users.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "get_account_tree",
    params(("account_id" = String, Path, description = "The id of a master reseller, a reseller, an enterprise, or the platform.", example = "reseller_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "Its part of the tree.", body = AccountTree)),
    security(("bearer" = []))
)]
#[get("/{account_id}/tree")]
pub(crate) async fn get_account_tree(app: Data<App>, caller: Caller<Read>, id: Path<String>) -> Result<Answer, Error> {
    app.read_long(caller, move |tx, actor: &Actor, _| {
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

/// The accounts above one.
type Ancestors = shown::Many<TreeAccount, 0, { limits::ANCESTORS_MAX }>;

/// The tiers below an account.
type Levels = shown::Many<TreeLevel, 0, { limits::LEVELS_MAX }>;

/// The states of routes.
type RouteCounts = shown::Many<RouteCount, 0, { limits::ROUTE_STATES }>;

/// By what an account was found.
type Matches = shown::Many<MatchedBy, 1, { limits::MATCHES_MAX }>;
