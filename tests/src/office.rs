//! An enterprise that is ready for users.

use serde_json::{Value, json};

use crate::app::App;
use crate::http::Answer;
use crate::people::Person;

/// Creates something in the enterprise of a person: `what` is `pbxes`, `trunks` or `users`.
pub async fn add(app: &App, person: &Person, what: &str, body: &Value) -> Answer {
    app.post(&format!("/enterprises/{}/{what}", person.account)).bearer(&person.token).json(body).send().await
}

/// An enterprise that may do everything by itself, with a PBX and a trunk.
pub struct Office {
    /// The person who acts for the enterprise.
    pub admin: Person,
    /// The id of its PBX.
    pub pbx: String,
    /// The id of its trunk.
    pub trunk: String,
}

impl Office {
    /// Creates the enterprise, with Direct Routing established.
    pub async fn open(app: &App, name: &str, sip_domain: &str) -> Self {
        let switches = json!({"access_sip_data": true, "can_add_extensions": true, "allow_external_numbers": true});
        let admin = app.connected(name, switches).await;
        let pbx = json!({"type": "generic", "location": "Berlin", "sip_domain": sip_domain});
        let pbx = add(app, &admin, "pbxes", &pbx).await.expect(201).text_of("id");
        let trunk = json!({"name": "Main", "host": "192.0.2.1", "authentication": "ip", "addresses": ["192.0.2.1"]});
        let trunk = add(app, &admin, "trunks", &trunk).await.expect(201).text_of("id");
        Self { admin, pbx, trunk }
    }

    /// The body of a user of the PBX.
    #[must_use]
    pub fn on_pbx(&self, name: &str, sip_user: &str) -> Value {
        json!({"teams_user": format!("{name}@kiosk.example"), "pbx_id": self.pbx, "sip_user": sip_user, "voice_route": "emea"})
    }

    /// The body of a user of the trunk.
    #[must_use]
    pub fn on_trunk(&self, name: &str, number: &str) -> Value {
        json!({"teams_user": format!("{name}@kiosk.example"), "trunk_id": self.trunk, "default_number": number, "voice_route": "emea"})
    }
}
