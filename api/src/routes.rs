//! Every operation, listed once: this list feeds the server and the OpenAPI document, in the order of the journey.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    accounts, activations, api_clients, auth, billing, direct_routing, email_changes, enterprises, events,
    master_resellers, me, members, moves, oauth, pbxes, resellers, sbc_regions, second_factors, support_tickets,
    system, trunks, users, webhooks,
};

/// Adds every operation.
pub fn configure(config: &mut ServiceConfig<'_>) {
    support_tickets::routes::configure(config);
    email_changes::routes::configure(config);
    activations::routes::configure(config);
    auth::routes::configure(config);
    me::routes::configure(config);
    second_factors::routes::configure(config);
    accounts::search::configure(config);
    resellers::routes::configure(config);
    direct_routing::routes::configure(config);
    pbxes::routes::configure(config);
    trunks::routes::configure(config);
    users::routes::configure(config);
    enterprises::routes::configure(config);
    sbc_regions::routes::configure(config);
    billing::routes::configure(config);
    master_resellers::routes::configure(config);
    moves::routes::configure(config);
    members::routes::configure(config);
    second_factors::policy::configure(config);
    api_clients::routes::configure(config);
    oauth::routes::configure(config);
    events::routes::configure(config);
    webhooks::routes::configure(config);
    system::routes::configure(config);
}
