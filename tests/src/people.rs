//! People who use the service: signed in by the journey that real ones take, or put straight into the store where
//! the way there is not what a test is about.

use api::ids::new_id;
use api::security::secret_token::SecretToken;
use chrono::TimeDelta;
use domain::account::{Scope, Tier};
use domain::api_client::{AllowedNetworks, Terms};
use domain::authority::Role;
use domain::enterprise::{Country, Enterprise, SbcRegionCode, SbcRegions, Switches};
use domain::id::{AccountId, ClientId, Id, MemberId, SessionId};
use domain::principal::Principal;
use domain::services::Services;
use domain::values::email::EmailAddress;
use domain::values::text::ClientName;
use persistence::accounts::NewAccount;
use persistence::api_clients::NewSecret;
use persistence::members::NewMember;
use persistence::{Error, accounts, api_clients, members, sessions};
use secrecy_free::expose;
use serde_json::{Value, json};

use crate::app::OPERATOR;
use crate::{App, PASSWORD};

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id of the account, as text.
    pub account: String,
    /// An access token.
    pub token: String,
}

/// The body of a request that creates a reseller with an address.
#[must_use]
pub fn reseller_body(email: &str) -> Value {
    json!({"name": "Nordwind", "email": email, "services": ["pbx", "trunk"], "billing_reference": "CUST-1"})
}

/// The body of a request that creates an enterprise with an address.
#[must_use]
pub fn enterprise_body(email: &str) -> Value {
    json!({"name": "Kiosk", "email": email, "country": "DE", "sbc_regions": ["emea"], "services": ["pbx"]})
}

impl App {
    /// The first operator.
    pub async fn operator(&self) -> Person {
        let tokens = self.login(OPERATOR).await;
        Person { account: String::new(), token: tokens["access_token"].as_str().unwrap_or_default().to_owned() }
    }

    /// A partner that went the whole way: ticket, approval, e-mail, activation, sign-in.
    pub async fn master_reseller(&self, email: &str) -> Person {
        let operator = self.operator().await;
        let ticket = json!({
            "subject": "Add to TeamMate Portal",
            "partner_company_name": "Contoso",
            "first_name": "Ann",
            "last_name": "Example",
            "email": email,
        });
        let ticket = self.post("/support-tickets").json(&ticket).send().await.expect(201).text_of("id");
        let approve = self.post(&format!("/support-tickets/{ticket}/approve")).bearer(&operator.token);
        let account = approve.send().await.expect(200).text_of("master_reseller_id");
        self.activate(&account, email).await
    }

    /// A reseller that was created by its master reseller and went the rest of the way.
    pub async fn reseller(&self, master: &Person, email: &str) -> Person {
        let request = self.post("/resellers").bearer(&master.token).json(&reseller_body(email));
        let account = request.send().await.expect(201).text_of("id");
        self.activate(&account, email).await
    }

    /// Redeems the link that was sent to an address, and signs in.
    pub async fn activate(&self, account: &str, email: &str) -> Person {
        let token = self.token_for(email).await;
        let body = json!({"token": token, "password": PASSWORD});
        let _ = self.post("/activations").json(&body).send().await.expect(200);
        let tokens = self.login(email).await;
        Person { account: account.to_owned(), token: tokens["access_token"].as_str().unwrap_or_default().to_owned() }
    }

    /// An active account put straight into the store, below the accounts given.
    pub async fn plant(&self, tier: Tier, above: &[&str], email: &str) -> String {
        let now = self.clock.now();
        let id: AccountId = new_id(now);
        let parse = |tier: Tier| above.iter().find_map(|text| tier.parse_id(text));
        let own = |of: Tier| (tier == of).then_some(id).or_else(|| parse(of));
        let (master, reseller) = (own(Tier::MasterReseller), own(Tier::Reseller));
        let email = EmailAddress::parse(email).expect("an address");
        let enterprise = (tier == Tier::Enterprise).then(|| Enterprise {
            country: Country::parse("DE").expect("a country"),
            sbc_regions: SbcRegions::from_codes(SbcRegionCode::parse("emea")).expect("a region"),
            user_limit: None,
            switches: Switches::default(),
        });
        let plant = move |tx: &mut _| {
            let account = NewAccount {
                id,
                tier,
                master_reseller_id: master,
                reseller_id: reseller,
                name: "Planted",
                email: &email,
                billing_reference: (tier == Tier::Reseller).then_some("REF"),
                services: Services::ALL,
                enterprise: enterprise.as_ref(),
                now,
            };
            accounts::insert_active(tx, &account)
        };
        assert!(self.service().database.write(plant).await.expect("the store"), "the address was taken");
        tier.format_id(id)
    }

    /// An enterprise below a reseller of its own, with both services and an established route in `emea`, and its owner.
    /// What is said of it in `change` is patched in.
    pub async fn connected(&self, name: &str, change: Value) -> Person {
        let operator = self.operator().await;
        let master = self.plant(Tier::MasterReseller, &[], &format!("{name}-m@contoso.example")).await;
        let reseller = self.plant(Tier::Reseller, &[&master], &format!("{name}-r@contoso.example")).await;
        let enterprise = self.plant(Tier::Enterprise, &[&master, &reseller], &format!("{name}@contoso.example")).await;
        self.establish(&operator, &enterprise, "emea", name).await;
        if change.as_object().is_some_and(|members| !members.is_empty()) {
            let patch = self.patch(&format!("/enterprises/{enterprise}")).bearer(&operator.token).json(&change);
            let _ = patch.send().await.expect(200);
        }
        self.member(&enterprise, Role::Owner).await
    }

    /// Takes the route of a region from its start to where calls go through it.
    pub async fn establish(&self, person: &Person, enterprise: &str, region: &str, label: &str) {
        let path = format!("/enterprises/{enterprise}/direct-routing/routes/{region}");
        let give = async |command: &str, body: Value| {
            let request = self.post(&format!("{path}/{command}")).bearer(&person.token).json(&body);
            let _ = request.send().await.expect(200);
        };
        give("start", json!({"label": label})).await;
        for _ in 0..4 {
            give("confirm", json!({"verification_txt": "MS=ms12345678"})).await;
        }
    }

    /// A member of an account with a role and a session, put straight into the store.
    pub async fn member(&self, account: &str, role: Role) -> Person {
        let now = self.clock.now();
        let (tier, account_id) = Tier::ALL
            .into_iter()
            .find_map(|tier| tier.parse_id(account).map(|id| (tier, id)))
            .expect("the id of an account");
        let (member, session): (MemberId, SessionId) = (new_id(now), new_id(now));
        let email = EmailAddress::parse(&format!("{member}@members.example")).expect("an address");
        let plant = move |tx: &mut _| {
            accounts::by_id(tx, &Scope::Platform, tier, account_id)?
                .ok_or_else(|| Error::Corrupt("no such account".to_owned()))?;
            let row = NewMember {
                id: member,
                account: account_id,
                email: &email,
                role,
                password_hash: "none",
                password_is_temporary: false,
                now,
            };
            members::insert(tx, &row)?;
            assert!(accounts::claim_email(tx, row.email, account_id)?, "an address of its own");
            let hash = Id::<()>::from_uuid(session.uuid()).uuid().as_bytes().to_vec();
            sessions::start(tx, session, member, &hash, now, now + TimeDelta::days(1))
        };
        self.service().database.write(plant).await.expect("the store");
        let token = expose(&self.service().access_tokens.issue(Principal::Member(member), session, now));
        Person { account: account.to_owned(), token }
    }

    /// An API client of an account with a role and a token, put straight into the store, and its secret.
    pub async fn client(&self, account: &str, role: Role) -> (Person, String) {
        let terms = Terms { role, expires_at: None, networks: AllowedNetworks::default() };
        self.client_within(account, terms).await
    }

    /// The same within limits.
    pub async fn client_within(&self, account: &str, terms: Terms) -> (Person, String) {
        let now = self.clock.now();
        let (client, session): (ClientId, SessionId) = (new_id(now), new_id(now));
        let account_id = Tier::ALL.into_iter().find_map(|tier| tier.parse_id(account)).expect("the id of an account");
        let token = SecretToken::generate();
        let secret = NewSecret { id: session, hash: token.hash(), hint: token.hint().to_owned() };
        let name = ClientName::parse("Planted").expect("a name");
        let plant =
            move |tx: &mut _| api_clients::insert(tx, account_id, client, &name, &terms, &secret, now).map(drop);
        self.service().database.write(plant).await.expect("the store");
        let access = expose(&self.service().access_tokens.issue(Principal::Client(client), session, now));
        (Person { account: account.to_owned(), token: access }, token.expose_client_secret())
    }

    /// The id of the platform's own account.
    pub async fn platform(&self) -> String {
        let operator = self.operator().await;
        let me = self.get("/me").bearer(&operator.token).send().await.expect(200).json();
        me["account"]["id"].as_str().expect("an id").to_owned()
    }
}

/// Tests look at secrets; the service's own code has no such function.
mod secrecy_free {
    use secrecy::{ExposeSecret, SecretString};

    pub(super) fn expose(secret: &SecretString) -> String {
        secret.expose_secret().to_owned()
    }
}
