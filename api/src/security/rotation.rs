//! Re-seals all stored secrets with the newest key while the service runs.

use std::sync::Arc;

use persistence::secrets::Holder;
use persistence::{Database, secrets};
use uuid::Uuid;

use super::seal::Seal;
use crate::error::{Error, Result};

/// Secrets that are re-sealed in one transaction: few enough that others hardly wait.
const BATCH: i64 = 200;

/// The result of re-sealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Renewed {
    /// Number of secrets that were re-sealed with the newest key.
    pub renewed: usize,
    /// Number of secrets that were left unchanged because no key opens them.
    pub unreadable: usize,
}

/// Re-seals everything that was sealed with an older key. A secret that changes during the run is skipped; if it was
/// sealed with an older key, the next run finds it.
pub async fn renew_all(database: &Database, seal: &Arc<Seal>) -> Result<Renewed> {
    let mut total = Renewed::default();
    for holder in Holder::ALL {
        let mut after = Uuid::nil();
        loop {
            let seal = Arc::clone(seal);
            let batch = database
                .write(move |tx| {
                    let mut batch = Renewed::default();
                    let found = secrets::sealed(tx, holder, after, BATCH)?;
                    for (id, sealed) in &found {
                        match seal.renew(*id, sealed) {
                            Ok(Some(new)) if secrets::replace(tx, holder, *id, sealed, &new)? => batch.renewed += 1,
                            Ok(_) => {}
                            Err(_) => batch.unreadable += 1,
                        }
                    }
                    Ok::<_, Error>((batch, found.last().map(|(id, _)| *id)))
                })
                .await?;
            total.renewed += batch.0.renewed;
            total.unreadable += batch.0.unreadable;
            let Some(last) = batch.1 else { break };
            after = last;
        }
    }
    Ok(total)
}
