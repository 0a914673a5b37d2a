//! The permissions that handlers declare in their signatures: `call: Call<Change>`.

use domain::authority::Action;

/// A permission.
pub trait Permission: 'static {
    /// The action that it permits.
    const ACTION: Action;
    /// Whether members are refused who first have to set up a second factor or to replace a generated password.
    const NEEDS_COMPLETE_SIGN_IN: bool = true;
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
/// Permission for members to read their own data, even before their sign-in is complete.
#[derive(Debug)]
pub struct ReadMyself;
/// Permission for members to change their own sign-in, even before it is complete: this is how they complete it.
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
    const NEEDS_COMPLETE_SIGN_IN: bool = false;
}
impl Permission for ChangeMyself {
    const ACTION: Action = Action::Change;
    const NEEDS_COMPLETE_SIGN_IN: bool = false;
}
