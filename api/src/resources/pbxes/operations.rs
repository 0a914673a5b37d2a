//! Loading, creating, changing and deleting PBXs.

use domain::account::{Account, check_open};
use domain::id::PbxId;
use domain::pbx::{Change, FeatureCode, Pbx, PbxType, Settings};
use domain::refusal::Refusal;
use domain::services::Service;
use domain::values::host_name::HostName;
use domain::values::text::Location;
use persistence::pbxes::Taken;
use persistence::{StoreConnection, blockers, direct_routing, pbxes};
use serde_json::{Value, json};

use crate::access::Actor;
use crate::app::Tx;
use crate::error::Result;
use crate::events::record::{difference, record_for};
use crate::ids::new_id;

/// The data of a new PBX.
#[derive(Debug, Clone)]
pub struct CreatePbx {
    /// The type of phone system.
    pub kind: PbxType,
    /// Its location, unique within the enterprise.
    pub location: Location,
    /// The SIP domain of its users.
    pub sip_domain: HostName,
    /// Settings that differ from the defaults of its type.
    pub change: Change,
}

/// Loads a PBX and its enterprise, and checks that the actor may read or change it.
pub fn load(tx: &mut StoreConnection, actor: &Actor, id: &str) -> Result<(Account, Pbx)> {
    let id = PbxId::parse(id).ok_or(Refusal::NotFound)?;
    let owner = pbxes::owner(tx, id)?;
    let account = actor.load_owner(tx, owner)?;
    let pbx = pbxes::by_id(tx, account.id, id)?.ok_or(Refusal::NotFound)?;
    Ok((account, pbx))
}

/// Creates a PBX in an enterprise that was loaded for the actor. The enterprise needs the service `pbx` and an
/// established route (R12).
pub fn create(tx: &mut Tx<'_>, account: &Account, command: &CreatePbx) -> Result<Pbx> {
    let now = tx.now;
    check_open(account.status)?;
    if !account.services.has(Service::Pbx) {
        return Err(Refusal::ServiceMissing(Service::Pbx).into());
    }
    direct_routing::load(tx, account.id)?.check_established()?;
    let CreatePbx { kind, location, sip_domain, change } = command.clone();
    let settings = Settings::new(kind, location, sip_domain, &change);
    let pbx = pbxes::insert(tx, account.id, new_id(now), &settings, now)?.ok_or(Refusal::LocationTaken)?;
    record_for(tx, account, pbx.id, "created", (Value::Null, fields(&settings)))?;
    Ok(pbx)
}

/// Changes a PBX that was loaded for the actor, and records the event. If no value differs, nothing is written.
pub fn update(tx: &mut Tx<'_>, account: &Account, before: Pbx, change: &Change) -> Result<Pbx> {
    let now = tx.now;
    check_open(account.status)?;
    let settings = before.settings.after(change);
    if settings == before.settings {
        return Ok(before);
    }
    if settings.sip_domain != before.settings.sip_domain {
        tx.check_may_claim()?;
    }
    let pbx = pbxes::update(tx, &before, &settings, now)?.map_err(|taken| match taken {
        Taken::Location => Refusal::LocationTaken,
        Taken::SipUser => {
            tx.note_taken();
            Refusal::SipDomainClash
        }
    })?;
    record_for(tx, account, pbx.id, "updated", difference(fields(&before.settings), fields(&settings)))?;
    Ok(pbx)
}

/// Deletes a PBX. Refused while users are assigned to it.
pub fn delete(tx: &mut Tx<'_>, account: &Account, pbx: &Pbx) -> Result<()> {
    let users = blockers::on_pbx(tx, pbx.id)?;
    if users.total > 0 {
        return Err(Refusal::HasUsers(users).into());
    }
    pbxes::delete(tx, pbx.id)?;
    record_for(tx, account, pbx.id, "removed", (fields(&pbx.settings), Value::Null))
}

/// The fields of a PBX as events show them.
fn fields(settings: &Settings) -> Value {
    let Settings {
        kind,
        location,
        sip_domain,
        outbound_proxy,
        transport,
        port,
        dns_lookup,
        registration_expiry,
        voicemail_feature_code,
    } = settings;
    json!({
        "type": kind.as_str(),
        "location": location.as_str(),
        "sip_domain": sip_domain.as_str(),
        "outbound_proxy": outbound_proxy.as_ref().map(ToString::to_string),
        "transport": transport.as_str(),
        "port": port.get(),
        "dns_lookup": dns_lookup.as_str(),
        "registration_expiry_seconds": registration_expiry.seconds(),
        "voicemail_feature_code": voicemail_feature_code.as_ref().map(FeatureCode::as_str),
    })
}
