//! Seals again with the newest key whatever is stored sealed, while the service runs.

use std::sync::Arc;

use persistence::secrets::Holder;
use persistence::{Database, secrets};
use uuid::Uuid;

use super::seal::Seal;
use crate::error::Error;

/// Sealed things that are read and written in one transaction: a moment's work, so that others hardly wait.
const BATCH: i64 = 200;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Renewed {
    /// Sealed with the newest key now.
    pub renewed: usize,
    /// Left as they are, because no key opens them.
    pub unreadable: usize,
}

/// Seals everything again that was sealed with an older key. What somebody changes meanwhile is left to the key that they
/// seal with; a second run finds it if that was an older one.
pub async fn renew_all(database: &Database, seal: &Arc<Seal>) -> Result<Renewed, Error> {
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
