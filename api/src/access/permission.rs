//! The permissions that handlers declare in their signatures: `call: Call<Change>`.

use domain::authority::Action;

/// A permission.
pub trait Permission: 'static {
    /// The action that it permits.
    const ACTION: Action;
    /// Whether a member without a second factor is refused if the account requires one.
    const NEEDS_SECOND_FACTOR: bool = true;
}

/// Permission to read.
#[derive(Debug)]
pub struct Read;
/// Permission to create.
#[derive(Debug)]
pub struct Create;
/// Permission to change or delete.
#[derive(Debug)]
pub struct Change;
/// Permission for members to read their own data, even without a required second factor.
#[derive(Debug)]
pub struct ReadMyself;
/// Permission for members to change their own sign-in, even without a required second factor: this is how they set one
/// up.
#[derive(Debug)]
pub struct ChangeMyself;

impl Permission for Read {
    const ACTION: Action = Action::Read;
}
impl Permission for Create {
    const ACTION: Action = Action::Create;
}
impl Permission for Change {
    const ACTION: Action = Action::Change;
}
impl Permission for ReadMyself {
    const ACTION: Action = Action::Read;
    const NEEDS_SECOND_FACTOR: bool = false;
}
impl Permission for ChangeMyself {
    const ACTION: Action = Action::Change;
    const NEEDS_SECOND_FACTOR: bool = false;
}
