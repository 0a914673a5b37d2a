//! Access tokens: JWTs signed with Ed25519, of type `at+jwt` (RFC 9068), and the keys that sign them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::Timestamp;
use domain::id::SessionId;
use domain::limits::ACCESS_TOKEN_SECONDS;
use domain::principal::Principal;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::key_files;

const KIND: &str = "signing";
const TYPE: &str = "at+jwt";
/// The audience of every token.
pub const AUDIENCE: &str = "teammate-portal-api";
/// A new key starts to sign only after this time, when every replica has loaded it.
const UNUSED_SECONDS: i64 = 60;
/// All tokens of a key that was replaced this long ago have expired.
const RETIRED_AFTER_HOURS: i64 = 24;
/// Maximum number of verified tokens in the cache.
const CACHED: usize = 4096;

/// The claims of a verified token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The member or API client that signed in.
    pub principal: Principal,
    /// The session that the token belongs to; for an API client, the id of the secret that it was issued for.
    pub session: SessionId,
    not_before: i64,
    expires_at: i64,
}

#[derive(Serialize, Deserialize)]
struct WireClaims {
    iss: String,
    aud: String,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

struct Key {
    made_at: Timestamp,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: String,
}

/// Signs and verifies access tokens.
pub struct AccessTokens {
    data_dir: PathBuf,
    issuer: String,
    keys: RwLock<Arc<BTreeMap<Uuid, Key>>>,
    verified: quick_cache::sync::Cache<String, Claims>,
}

impl AccessTokens {
    /// Loads the keys from the data directory. Creates the first key if there is none.
    pub fn open(data_dir: &Path, issuer: &str, now: Timestamp) -> io::Result<Self> {
        if key_files::read(data_dir, KIND)?.is_empty() {
            add_key(data_dir, now)?;
        }
        let tokens = Self {
            data_dir: data_dir.to_owned(),
            issuer: issuer.to_owned(),
            keys: RwLock::default(),
            verified: quick_cache::sync::Cache::new(CACHED),
        };
        tokens.reload()?;
        Ok(tokens)
    }

    /// Loads the keys again, so that added and removed keys take effect. Cached tokens of removed keys are dropped.
    pub fn reload(&self) -> io::Result<()> {
        let mut keys = BTreeMap::new();
        for file in key_files::read(&self.data_dir, KIND)? {
            let pair = Ed25519KeyPair::from_pkcs8(&file.octets).map_err(io::Error::other)?;
            let public = URL_SAFE_NO_PAD.encode(pair.public_key());
            let verifying = DecodingKey::from_ed_components(&public).map_err(io::Error::other)?;
            let signing = EncodingKey::from_ed_der(&file.octets);
            keys.insert(file.id, Key { made_at: file.made_at, signing, verifying, public });
        }
        let mut held = self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let same = held.keys().eq(keys.keys());
        if !same {
            *held = Arc::new(keys);
            self.verified.clear();
        }
        Ok(())
    }

    /// Issues a token for a session.
    #[must_use]
    pub fn issue(&self, principal: Principal, session: SessionId, now: Timestamp) -> SecretString {
        let keys = self.keys();
        let settled = |key: &&(&Uuid, &Key)| now - key.1.made_at >= TimeDelta::seconds(UNUSED_SECONDS);
        let all: Vec<_> = keys.iter().collect();
        let (id, key) = all.iter().rev().find(settled).or(all.first()).expect("there is always a signing key");
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(id.to_string());
        let claims = WireClaims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: principal.to_string(),
            client_id: matches!(principal, Principal::Client(_)).then(|| principal.to_string()),
            sid: session.uuid(),
            jti: Uuid::now_v7(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: now.timestamp() + ACCESS_TOKEN_SECONDS,
        };
        let token = jsonwebtoken::encode(&header, &claims, &key.signing);
        SecretString::from(token.expect("an Ed25519 key that was read signs"))
    }

    /// Verifies a token. Returns its claims if one of our keys signed it for this audience and it is valid at this
    /// instant.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let claims = if let Some(claims) = self.verified.get(token) {
            claims
        } else {
            let claims = self.check_signature(token)?;
            self.verified.insert(token.to_owned(), claims);
            claims
        };
        let now = now.timestamp();
        (claims.not_before <= now && now < claims.expires_at).then_some(claims)
    }

    fn check_signature(&self, token: &str) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let keys = self.keys();
        let key = keys.get(&Uuid::parse_str(&header.kid?).ok()?)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library would use the system clock. `verify` compares the times with ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<WireClaims>(token, &key.verifying, &validation).ok()?.claims;
        Some(Claims {
            principal: Principal::parse(&claims.sub)?,
            session: SessionId::from_uuid(claims.sid),
            not_before: claims.nbf,
            expires_at: claims.exp,
        })
    }

    /// The public keys: the id and the base64url-encoded public point of each.
    #[must_use]
    pub fn public_keys(&self) -> Vec<(Uuid, String)> {
        self.keys().iter().map(|(id, key)| (*id, key.public.clone())).collect()
    }

    fn keys(&self) -> Arc<BTreeMap<Uuid, Key>> {
        Arc::clone(&self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Adds a signing key and removes keys that were replaced more than a day ago. Running services load the new key by
/// themselves.
pub fn rotate(data_dir: &Path, now: Timestamp) -> io::Result<()> {
    let keys = key_files::read(data_dir, KIND)?;
    for (key, successor) in keys.iter().zip(keys.iter().skip(1)) {
        if now - successor.made_at > TimeDelta::hours(RETIRED_AFTER_HOURS) {
            key_files::remove(data_dir, KIND, key.id)?;
        }
    }
    add_key(data_dir, now)
}

fn add_key(data_dir: &Path, now: Timestamp) -> io::Result<()> {
    let pair = Ed25519KeyPair::generate().map_err(io::Error::other)?;
    let pkcs8 = pair.to_pkcs8().map_err(io::Error::other)?;
    key_files::add(data_dir, KIND, pkcs8.as_ref(), now)
}
