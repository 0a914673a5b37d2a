//! What is known about users in Teams, loaded for the users of one answer.

use std::collections::{HashMap, HashSet};

use domain::id::{AccountId, UserId};
use domain::teams::TeamsUser;
use domain::user::User;
use persistence::{StoreConnection, directories, teams_users};

use super::wire::UserInTeams;
use crate::error::Result;

/// What is known about some users in Teams.
pub struct InTeams {
    asked: HashMap<UserId, TeamsUser>,
    /// Which of their names the directories of their enterprises have, of those that were read.
    known: HashMap<AccountId, Option<HashSet<String>>>,
    automatic: bool,
}

impl InTeams {
    /// Loads what is known about users. `automatic` says whether the service takes the steps itself.
    pub fn load<'a>(
        tx: &mut StoreConnection,
        users: impl IntoIterator<Item = &'a User>,
        automatic: bool,
    ) -> Result<Self> {
        let mut names: HashMap<AccountId, Vec<&str>> = HashMap::new();
        let mut ids = Vec::new();
        for user in users {
            ids.push(user.id);
            names.entry(user.account).or_default().push(user.settings.teams_user.canonical());
        }
        let mut known = HashMap::new();
        for (account, names) in names {
            known.insert(account, directories::knows(tx, account, &names)?);
        }
        Ok(Self { asked: teams_users::by_users(tx, &ids)?, known, automatic })
    }

    /// The JSON of what one of these users has in Teams.
    #[must_use]
    pub fn view(&self, user: &User) -> UserInTeams {
        let known = self.known.get(&user.account).and_then(Option::as_ref);
        let in_directory = known.map(|known| known.contains(user.settings.teams_user.canonical()));
        UserInTeams::view(self.asked.get(&user.id), in_directory, self.automatic)
    }
}

/// Whether the directory of its tenant has a user; `None` if it was not read to its end.
pub fn in_directory(tx: &mut StoreConnection, user: &TeamsUser) -> Result<Option<bool>> {
    let name = user.teams_user.canonical();
    let known = directories::knows(tx, user.account, &[name])?;
    Ok(known.map(|known| known.contains(name)))
}
