//! Kinds of authority, which the signature of a handler names: `caller: Caller<Change>`.

use domain::authority::Action;

/// A kind of authority.
pub trait Permission: 'static {
    /// What it allows to ask for.
    const ACTION: Action;
    /// Whether a member without a second factor is refused where the account asks for one.
    const NEEDS_SECOND_FACTOR: bool = true;
}

/// The authority to see.
#[derive(Debug)]
pub struct Read;
/// The authority to make something new.
#[derive(Debug)]
pub struct Create;
/// The authority to change what is there.
#[derive(Debug)]
pub struct Change;
/// The authority to see oneself, without a second factor as well.
#[derive(Debug)]
pub struct ReadMyself;
/// The authority to change how oneself signs in, without a second factor as well: that is how one gets one.
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
