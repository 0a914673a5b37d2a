//! Folds the stored texts of searches again when the rules of folding have changed.

use diesel::prelude::*;
use domain::values::folding::{self, fold};

use crate::schema::{accounts, pbxes, search_folding, support_tickets, trunks, users};
use crate::store::connection::StoreConnection;
use crate::store::error::Error;
use crate::store::key::Key;

/// Number of texts that are read at a time.
const BATCH: i64 = 2_000;

/// Folds the texts of a column again. A macro, because tables and columns are types.
macro_rules! refold {
    ($tx:expr, $table:ident, $column:ident) => {
        let mut after: Option<Key> = None;
        loop {
            let mut texts = $table::table.select(($table::id, $table::$column)).into_boxed();
            if let Some(after) = after {
                texts = texts.filter($table::id.gt(after));
            }
            let texts: Vec<(Key, String)> = texts.order($table::id).limit(BATCH).load($tx)?;
            let Some((last, _)) = texts.last() else { break };
            after = Some(*last);
            for (id, text) in texts {
                let folded = fold(&text);
                if folded != text {
                    let row = $table::table.filter($table::id.eq(id));
                    diesel::update(row).set($table::$column.eq(&*folded)).execute($tx)?;
                }
            }
        }
    };
}

/// Brings all texts up to date. Does nothing if they are. Run it in one transaction, at the start of the service.
pub fn run(tx: &mut StoreConnection) -> Result<(), Error> {
    let version: i32 = search_folding::table.select(search_folding::version).first(tx)?;
    if version >= folding::VERSION {
        return Ok(());
    }
    refold!(tx, accounts, search_text);
    refold!(tx, support_tickets, search_text);
    refold!(tx, pbxes, search_text);
    refold!(tx, pbxes, sip_search_text);
    refold!(tx, trunks, search_text);
    refold!(tx, trunks, sip_search_text);
    refold!(tx, users, search_text);
    refold!(tx, users, sip_search_text);
    diesel::update(search_folding::table).set(search_folding::version.eq(folding::VERSION)).execute(tx)?;
    Ok(())
}
