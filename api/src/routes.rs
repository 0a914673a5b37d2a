//! The map of URLs: every scope and path of the API on one screen, in the order in which a partner uses them. The
//! server and the OpenAPI document are both built from it. A test compares the paths in the comments with those of the
//! document.

use actix_web::web;
use utoipa_actix_web::scope::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::fallback;
use crate::resources::{
    accounts, activations, api_clients, auth, billing, direct_routing, directory, email_changes, enterprises, events,
    health, imports, master_resellers, me, members, moves, oauth, pbxes, resellers, sbc_regions, second_factors,
    support_tickets, trunks, users, webhooks,
};

/// Registers every operation. If two paths match a request, the first one handles it.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "the map of URLs: one line for each operation")]
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(scope("/support-tickets")
            .service(support_tickets::routes::file_support_ticket)                   // POST /support-tickets
            .service(support_tickets::routes::list_support_tickets)                  // GET /support-tickets
            .service(support_tickets::routes::get_support_ticket)                    // GET /support-tickets/{ticket_id}
            .service(support_tickets::routes::approve_support_ticket)                // POST /support-tickets/{ticket_id}/approve
            .service(support_tickets::routes::reject_support_ticket))                // POST /support-tickets/{ticket_id}/reject
        .service(email_changes::routes::change_my_email)                             // POST /me/change-email
        .service(email_changes::routes::cancel_my_email_change)                      // DELETE /me/change-email
        .service(email_changes::routes::confirm_email_change)                        // POST /activations/email-changes
        .service(email_changes::routes::answer_email_change)                         // POST /activations/email-changes/answer
        .service(scope("/activations")
            .service(activations::routes::preview_activation)                        // POST /activations/preview
            .service(activations::routes::redeem_activation))                        // POST /activations
        .service(scope("/auth")
            .service(auth::routes::login)                                            // POST /auth/login
            .service(auth::routes::refresh)                                          // POST /auth/refresh
            .service(auth::routes::logout)                                           // POST /auth/logout
            .service(auth::routes::request_password_reset)                           // POST /auth/password-resets
            .service(auth::routes::redeem_password_reset))                           // POST /auth/password-resets/redeem
        .service(me::routes::get_me)                                                 // GET /me
        .service(me::routes::update_me)                                              // PATCH /me
        .service(me::routes::change_my_password)                                     // POST /me/change-password
        .service(me::sessions::list_my_sessions)                                     // GET /me/sessions
        .service(me::sessions::end_my_other_sessions)                                // DELETE /me/sessions
        .service(me::sessions::end_my_session)                                       // DELETE /me/sessions/{session_id}
        .service(second_factors::routes::prepare_second_factor)                      // POST /me/second-factor
        .service(second_factors::routes::enable_second_factor)                       // POST /me/second-factor/enable
        .service(second_factors::routes::renew_recovery_codes)                       // POST /me/second-factor/recovery-codes
        .service(second_factors::routes::disable_second_factor)                      // POST /me/second-factor/disable
        .service(scope("/accounts")
            .service(accounts::search::search_accounts)                              // GET /accounts
            .service(accounts::search::get_account_tree))                            // GET /accounts/{account_id}/tree
        .service(scope("/resellers")
            .service(resellers::routes::create_reseller)                             // POST /resellers
            .service(resellers::routes::list_resellers)                              // GET /resellers
            .service(imports::routes::import_resellers)                              // POST /resellers/import
            .route("/import", web::to(fallback::answer))                             // nothing has the id "import"
            .service(resellers::routes::get_reseller)                                // GET /resellers/{reseller_id}
            .service(resellers::routes::update_reseller)                             // PATCH /resellers/{reseller_id}
            .service(email_changes::routes::change_reseller_email)                   // POST /resellers/{reseller_id}/change-email
            .service(email_changes::routes::cancel_reseller_email_change)            // DELETE /resellers/{reseller_id}/change-email
            .service(resellers::routes::suspend_reseller)                            // POST /resellers/{reseller_id}/suspend
            .service(resellers::routes::resume_reseller)                             // POST /resellers/{reseller_id}/resume
            .service(resellers::routes::resend_reseller_activation)                  // POST /resellers/{reseller_id}/resend-activation
            .service(resellers::routes::get_reseller_closing_blockers)               // GET /resellers/{reseller_id}/closing-blockers
            .service(resellers::routes::close_reseller)                              // DELETE /resellers/{reseller_id}
            .service(moves::routes::move_reseller))                                  // POST /resellers/{reseller_id}/move
        .service(scope("/enterprises/{enterprise_id}/direct-routing")
            .service(direct_routing::routes::get_direct_routing)                     // GET /enterprises/{enterprise_id}/direct-routing
            .service(direct_routing::routes::get_voice_routing_scripts)              // GET /enterprises/{enterprise_id}/direct-routing/routes/{region}/powershell
            .service(direct_routing::routes::start_route)                            // POST /enterprises/{enterprise_id}/direct-routing/routes/{region}/start
            .service(direct_routing::routes::confirm_route)                          // POST /enterprises/{enterprise_id}/direct-routing/routes/{region}/confirm
            .service(direct_routing::routes::retry_route)                            // POST /enterprises/{enterprise_id}/direct-routing/routes/{region}/retry
            .service(direct_routing::routes::remove_route)                           // POST /enterprises/{enterprise_id}/direct-routing/routes/{region}/remove
            .service(direct_routing::consent::create_consent_link)                   // POST /enterprises/{enterprise_id}/direct-routing/consent-links
            .service(direct_routing::routes::give_management_consent)                // POST /enterprises/{enterprise_id}/direct-routing/give-consent
            .service(direct_routing::routes::withdraw_management_consent))           // POST /enterprises/{enterprise_id}/direct-routing/withdraw-consent
        .service(pbxes::routes::list_pbx_types)                                      // GET /pbx-types
        .service(scope("/enterprises/{enterprise_id}/pbxes")
            .service(pbxes::routes::create_pbx)                                      // POST /enterprises/{enterprise_id}/pbxes
            .service(pbxes::routes::list_pbxes))                                     // GET /enterprises/{enterprise_id}/pbxes
        .service(scope("/pbxes")
            .service(pbxes::routes::get_pbx)                                         // GET /pbxes/{pbx_id}
            .service(pbxes::routes::update_pbx)                                      // PATCH /pbxes/{pbx_id}
            .service(pbxes::routes::delete_pbx))                                     // DELETE /pbxes/{pbx_id}
        .service(scope("/enterprises/{enterprise_id}/trunks")
            .service(trunks::routes::create_trunk)                                   // POST /enterprises/{enterprise_id}/trunks
            .service(trunks::routes::list_trunks))                                   // GET /enterprises/{enterprise_id}/trunks
        .service(scope("/trunks")
            .service(trunks::routes::get_trunk)                                      // GET /trunks/{trunk_id}
            .service(trunks::routes::update_trunk)                                   // PATCH /trunks/{trunk_id}
            .service(trunks::routes::delete_trunk))                                  // DELETE /trunks/{trunk_id}
        .service(scope("/enterprises/{enterprise_id}/users")
            .service(users::routes::create_user)                                     // POST /enterprises/{enterprise_id}/users
            .service(users::routes::list_users)                                      // GET /enterprises/{enterprise_id}/users
            .service(users::teams::count_users_in_teams)                             // GET /enterprises/{enterprise_id}/users/teams
            .service(users::teams::apply_all_users_in_teams)                         // POST /enterprises/{enterprise_id}/users/teams/apply
            .service(imports::routes::import_users))                                 // POST /enterprises/{enterprise_id}/users/import
        .service(scope("/enterprises/{enterprise_id}/teams-users")
            .service(directory::routes::list_teams_users)                            // GET /enterprises/{enterprise_id}/teams-users
            .service(directory::routes::get_teams_users_sync)                        // GET /enterprises/{enterprise_id}/teams-users/sync
            .service(directory::routes::sync_teams_users))                           // POST /enterprises/{enterprise_id}/teams-users/sync
        .service(scope("/users")
            .service(users::routes::get_user)                                        // GET /users/{user_id}
            .service(users::routes::update_user)                                     // PATCH /users/{user_id}
            .service(users::routes::delete_user)                                     // DELETE /users/{user_id}
            .service(users::teams::apply_user_in_teams)                              // POST /users/{user_id}/teams/apply
            .service(users::teams::release_user_in_teams)                            // POST /users/{user_id}/teams/release
            .service(users::teams::confirm_user_in_teams))                           // POST /users/{user_id}/teams/confirm
        .service(scope("/enterprises")
            .service(enterprises::routes::create_enterprise)                         // POST /enterprises
            .service(enterprises::routes::list_enterprises)                          // GET /enterprises
            .service(imports::routes::import_enterprises)                            // POST /enterprises/import
            .route("/import", web::to(fallback::answer))                             // nothing has the id "import"
            .service(enterprises::routes::get_enterprise)                            // GET /enterprises/{enterprise_id}
            .service(enterprises::routes::update_enterprise)                         // PATCH /enterprises/{enterprise_id}
            .service(email_changes::routes::change_enterprise_email)                 // POST /enterprises/{enterprise_id}/change-email
            .service(email_changes::routes::cancel_enterprise_email_change)          // DELETE /enterprises/{enterprise_id}/change-email
            .service(enterprises::routes::suspend_enterprise)                        // POST /enterprises/{enterprise_id}/suspend
            .service(enterprises::routes::resume_enterprise)                         // POST /enterprises/{enterprise_id}/resume
            .service(enterprises::routes::resend_enterprise_activation)              // POST /enterprises/{enterprise_id}/resend-activation
            .service(enterprises::routes::get_enterprise_closing_blockers)           // GET /enterprises/{enterprise_id}/closing-blockers
            .service(enterprises::routes::close_enterprise)                          // DELETE /enterprises/{enterprise_id}
            .service(moves::routes::move_enterprise))                                // POST /enterprises/{enterprise_id}/move
        .service(sbc_regions::routes::list_sbc_regions)                              // GET /sbc-regions
        .service(scope("/billing-reports")
            .service(billing::routes::list_billing_reports)                          // GET /billing-reports
            .service(billing::routes::get_billing_report)                            // GET /billing-reports/{period}
            .service(billing::routes::get_billing_summary)                           // GET /billing-reports/{period}/summary
            .service(billing::routes::get_billing_chart)                             // GET /billing-reports/{period}/chart.svg
            .service(billing::routes::finalise_billing_report)                       // POST /billing-reports/{period}/finalise
            .service(billing::adjustments::routes::create_billing_adjustment)        // POST /billing-reports/{period}/adjustments
            .service(billing::adjustments::routes::list_billing_adjustments)         // GET /billing-reports/{period}/adjustments
            .service(billing::adjustments::routes::get_billing_adjustment))          // GET /billing-reports/{period}/adjustments/{adjustment_id}
        .service(scope("/master-resellers")
            .service(master_resellers::routes::list_master_resellers)                // GET /master-resellers
            .service(master_resellers::routes::get_master_reseller)                  // GET /master-resellers/{master_reseller_id}
            .service(master_resellers::routes::update_master_reseller)               // PATCH /master-resellers/{master_reseller_id}
            .service(email_changes::routes::change_master_reseller_email)            // POST /master-resellers/{master_reseller_id}/change-email
            .service(email_changes::routes::cancel_master_reseller_email_change)     // DELETE /master-resellers/{master_reseller_id}/change-email
            .service(master_resellers::routes::suspend_master_reseller)              // POST /master-resellers/{master_reseller_id}/suspend
            .service(master_resellers::routes::resume_master_reseller)               // POST /master-resellers/{master_reseller_id}/resume
            .service(master_resellers::routes::resend_master_reseller_activation)    // POST /master-resellers/{master_reseller_id}/resend-activation
            .service(master_resellers::routes::get_master_reseller_closing_blockers) // GET /master-resellers/{master_reseller_id}/closing-blockers
            .service(master_resellers::routes::close_master_reseller))               // DELETE /master-resellers/{master_reseller_id}
        .service(scope("/moves")
            .service(moves::routes::list_moves)                                      // GET /moves
            .service(moves::routes::get_move)                                        // GET /moves/{move_id}
            .service(moves::routes::accept_move)                                     // POST /moves/{move_id}/accept
            .service(moves::routes::decline_move)                                    // POST /moves/{move_id}/decline
            .service(moves::routes::cancel_move))                                    // POST /moves/{move_id}/cancel
        .service(scope("/members")
            .service(members::routes::invite_member)                                 // POST /members
            .service(members::routes::list_members)                                  // GET /members
            .service(members::routes::get_member)                                    // GET /members/{member_id}
            .service(members::routes::update_member)                                 // PATCH /members/{member_id}
            .service(members::routes::remove_member)                                 // DELETE /members/{member_id}
            .service(members::routes::resend_invitation)                             // POST /members/{member_id}/resend-invitation
            .service(members::routes::end_member_sessions)                           // DELETE /members/{member_id}/sessions
            .service(members::routes::reset_second_factor))                          // DELETE /members/{member_id}/second-factor
        .service(second_factors::policy::get_sign_in_policy)                         // GET /sign-in-policy
        .service(second_factors::policy::update_sign_in_policy)                      // PATCH /sign-in-policy
        .service(scope("/api-clients")
            .service(api_clients::routes::create_api_client)                         // POST /api-clients
            .service(api_clients::routes::list_api_clients)                          // GET /api-clients
            .service(api_clients::routes::get_api_client)                            // GET /api-clients/{client_id}
            .service(api_clients::routes::update_api_client)                         // PATCH /api-clients/{client_id}
            .service(api_clients::routes::revoke_api_client)                         // DELETE /api-clients/{client_id}
            .service(api_clients::routes::rotate_api_client_secret))                 // POST /api-clients/{client_id}/rotate-secret
        .service(oauth::routes::sign_in_for_program)                                 // POST /oauth/authorize
        .service(oauth::routes::issue_token)                                         // POST /oauth/token
        .service(oauth::routes::get_authorization_server)                            // GET /.well-known/oauth-authorization-server
        .service(scope("/events")
            .service(events::routes::list_events)                                    // GET /events
            .service(events::routes::get_event))                                     // GET /events/{event_id}
        .service(scope("/webhooks")
            .service(webhooks::routes::create_webhook)                               // POST /webhooks
            .service(webhooks::routes::list_webhooks)                                // GET /webhooks
            .service(webhooks::routes::get_webhook)                                  // GET /webhooks/{webhook_id}
            .service(webhooks::routes::update_webhook)                               // PATCH /webhooks/{webhook_id}
            .service(webhooks::routes::delete_webhook)                               // DELETE /webhooks/{webhook_id}
            .service(webhooks::routes::rotate_webhook_secret)                        // POST /webhooks/{webhook_id}/rotate-secret
            .service(webhooks::delivery_routes::list_webhook_deliveries)             // GET /webhooks/{webhook_id}/deliveries
            .service(webhooks::delivery_routes::get_webhook_delivery)                // GET /webhooks/{webhook_id}/deliveries/{delivery_id}
            .service(webhooks::delivery_routes::redeliver_webhook_delivery)          // POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver
            .service(webhooks::delivery_routes::test_webhook)                        // POST /webhooks/{webhook_id}/test
            .service(webhooks::delivery_routes::replay_webhook_events))              // POST /webhooks/{webhook_id}/replay
        .service(imports::routes::get_import_report)                                 // GET /import-reports/{import_report_id}
        .service(health::routes::get_liveness)                                       // GET /livez
        .service(health::routes::get_readiness)                                      // GET /readyz
        .service(health::routes::get_metrics)                                        // GET /metrics
        .service(health::routes::get_jwks);                                          // GET /.well-known/jwks.json
}
