use super::*;
use crate::direct_routing::Party;
use crate::enterprise::SbcRegionCode;
use crate::id::{PbxId, TrunkId};
use crate::user::Assignment;
use chrono::DateTime;

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn wanted() -> Wanted {
    Wanted {
        tenant: Tenant::parse("kiosk.example").unwrap(),
        teams_user: UserPrincipalName::parse("Anna@kiosk.example").unwrap(),
        number: PhoneNumber::parse("+4930901820").ok(),
        policy_name: "TeamMate kiosk.emea.teammate.example".to_owned(),
        policy_id: Some("J93P".to_owned()),
    }
}

fn requested() -> TeamsUser {
    let (user, account) = (UserId::from_uuid(Uuid::from_u128(1)), AccountId::from_uuid(Uuid::from_u128(2)));
    TeamsUser::requested(user, account, &wanted(), false, at(0))
}

fn in_state(state: State) -> TeamsUser {
    let policy = Policy { id: Some("J93P".to_owned()), name: wanted().policy_name };
    TeamsUser { state, number: wanted().number, policy: Some(policy), person: Some(Uuid::nil()), ..requested() }
}

fn failure(code: FailureCode) -> Failure {
    Failure { code, detail: "So it is.".to_owned(), request_id: None }
}

fn settings() -> Settings {
    Settings {
        teams_user: wanted().teams_user,
        assignment: Assignment::Trunk(TrunkId::from_uuid(Uuid::from_u128(3))),
        default_number: wanted().number,
        forwarded_numbers: Vec::new(),
        voice_route: SbcRegionCode::parse("emea").unwrap(),
        tag: None,
    }
}

#[test]
fn r14_every_name_is_read_as_it_is_written() {
    assert!(State::ALL.into_iter().all(|one| State::parse(one.as_str()) == Some(one)));
    assert!(Progress::ALL.into_iter().all(|one| Progress::parse(one.as_str()) == Some(one)));
    assert!(Missing::ALL.into_iter().all(|one| Missing::parse(one.as_str()) == Some(one)));
    assert!(FailureCode::ALL.into_iter().all(|one| FailureCode::parse(one.as_str()) == Some(one)));
    assert_eq!((State::parse("gone"), Progress::parse(""), Missing::parse("x")), (None, None, None));
    assert_eq!(FailureCode::parse("Refused"), None);
    let names: Vec<_> = State::ALL.map(State::as_str).into_iter().chain(Progress::ALL.map(Progress::as_str)).collect();
    let expected = "not_requested pending applied failed drifted releasing released find compare assign_number grant_policy check \
                    revoke";
    assert_eq!(names.join(" "), expected);
}

#[test]
fn r14_who_asks_for_a_user_gets_it_unless_it_is_being_released() {
    let asked = requested();
    assert_eq!((asked.state, asked.progress, asked.due_at), (State::Pending, Progress::Find, at(0)));
    assert!(!asked.holds_something());
    let apply = |state, replaces| in_state(state).apply(replaces, at(9));
    for state in [State::NotRequested, State::Failed, State::Drifted, State::Released] {
        let after = apply(state, true).unwrap();
        assert_eq!((after.state, after.replaces, after.since, after.due_at), (State::Pending, true, at(9), at(9)));
        assert!(after.number.is_some(), "what it has stays known");
    }
    let looked_at = apply(State::Applied, true).unwrap();
    assert_eq!((looked_at.state, looked_at.due_at, looked_at.since), (State::Applied, at(9), at(0)));
    // Asked again, it goes on where it was; asked for more, it begins anew.
    assert_eq!(apply(State::Pending, false).unwrap().since, at(0));
    assert_eq!(apply(State::Pending, true).unwrap().since, at(9));
    let refused_policy = TeamsUser { missing: Some(Missing::Grant), ..in_state(State::Pending) };
    assert_eq!(refused_policy.apply(false, at(9)).unwrap().since, at(9), "Microsoft is asked once more");
    let (asked, later) = (in_state(State::Pending), in_state(State::Pending).apply(false, at(9)).unwrap());
    assert!(later.differs_in_time_only(&asked) && !later.restarted(State::Failed, at(9)).differs_in_time_only(&asked));
    let refused = Refusal::WrongTeamsState { state: "releasing", command: "applied" };
    assert_eq!(apply(State::Releasing, true), Err(refused));
}

#[test]
fn r14_what_a_user_has_at_microsoft_is_taken_back_when_it_is_released() {
    for (state, after) in [
        (State::NotRequested, State::NotRequested),
        (State::Pending, State::Releasing),
        (State::Applied, State::Releasing),
        (State::Failed, State::Releasing),
        (State::Drifted, State::Releasing),
        (State::Releasing, State::Releasing),
        (State::Released, State::Released),
    ] {
        assert_eq!(in_state(state).release(at(5)).state, after, "{state:?}");
    }
    assert_eq!(requested().release(at(5)).state, State::Released, "it has nothing");
    for (number, policy, holds) in [(true, false, true), (false, true, true), (false, false, false)] {
        let all = in_state(State::Applied);
        let user = TeamsUser {
            number: all.number.clone().filter(|_| number),
            policy: all.policy.clone().filter(|_| policy),
            ..all
        };
        assert_eq!(user.holds_something(), holds);
    }
}

#[test]
fn r14_what_is_in_teams_follows_the_settings() {
    let renamed = UserPrincipalName::parse("berta@kiosk.example").unwrap();
    let spelled = UserPrincipalName::parse("ANNA@kiosk.example").unwrap();
    let on_pbx = |settings: Settings| {
        let sip_user = crate::values::sip::SipUser::parse("1").unwrap();
        let assignment = Assignment::Pbx { pbx: PbxId::from_uuid(Uuid::nil()), sip_user, auth_id: None };
        Settings { assignment, ..settings }
    };
    for (changed, follows) in [
        (settings(), false),
        (Settings { teams_user: spelled, ..settings() }, false),
        (on_pbx(settings()), false),
        (Settings { teams_user: renamed, ..settings() }, true),
        (Settings { default_number: None, ..settings() }, true),
        (Settings { voice_route: SbcRegionCode::parse("apac").unwrap(), ..settings() }, true),
    ] {
        for state in State::ALL {
            let after = in_state(state).follow(&settings(), &changed, at(7));
            let is_there = matches!(state, State::Pending | State::Applied | State::Failed | State::Drifted);
            let expected = if follows && is_there { (State::Pending, at(7)) } else { (state, at(0)) };
            assert_eq!((after.state, after.since), expected, "{changed:?}");
        }
    }
    let elsewhere = Wanted { tenant: Tenant::parse("other.example").unwrap(), ..wanted() };
    let other = Wanted { teams_user: UserPrincipalName::parse("berta@kiosk.example").unwrap(), ..wanted() };
    assert_eq!([&wanted(), &elsewhere, &other].map(|wanted| requested().has_moved(wanted)), [false, true, true]);
    let moved = in_state(State::Pending).moved_to(&other);
    assert_eq!((moved.person, moved.progress, moved.has_moved(&other)), (None, Progress::Find, false));
}

#[test]
fn r14_what_was_done_by_hand_is_confirmed() {
    for state in State::ALL {
        let with_user = in_state(state).confirm(Some(&wanted()), at(3)).map(|user| user.state);
        let deleted = in_state(state).confirm(None, at(3)).map(|user| user.state);
        match state {
            State::Pending | State::Failed | State::Drifted => {
                assert_eq!((with_user, deleted.is_err()), (Ok(State::Applied), true));
            }
            State::Releasing => assert_eq!((with_user, deleted), (Ok(State::Released), Ok(State::Released))),
            State::NotRequested | State::Applied | State::Released => assert!(with_user.is_err() && deleted.is_err()),
        }
    }
    let applied = requested().confirm(Some(&wanted()), at(3)).unwrap();
    assert_eq!((applied.number, applied.policy.unwrap().name), (wanted().number, wanted().policy_name));
    assert!(!in_state(State::Releasing).confirm(None, at(3)).unwrap().holds_something());
    // Whoever was behind the user before is not taken for somebody else.
    let other = Wanted { teams_user: UserPrincipalName::parse("berta@kiosk.example").unwrap(), ..wanted() };
    let person = |wanted: &Wanted| in_state(State::Pending).confirm(Some(wanted), at(3)).unwrap().person;
    assert_eq!((person(&wanted()), person(&other)), (Some(Uuid::nil()), None));
}

#[test]
fn r14_an_attempt_leads_on_or_is_repeated_later() {
    let after = |state, outcome| in_state(state).after(outcome, 0, at(60));
    let found = Found { number: Some("+4930901899".to_owned()), policy: None };
    let day = 86_400;
    for (state, outcome, expected, pause) in [
        (State::Pending, Outcome::Advanced, State::Pending, 0),
        (State::Pending, Outcome::Done, State::Applied, day),
        (State::Applied, Outcome::Done, State::Applied, day),
        (State::Drifted, Outcome::Done, State::Applied, day),
        (State::Releasing, Outcome::Done, State::Released, 0),
        (State::Applied, Outcome::Drifted(found.clone()), State::Drifted, day),
        (State::Drifted, Outcome::Drifted(found.clone()), State::Drifted, day),
        (State::Pending, Outcome::Impossible(failure(FailureCode::Refused)), State::Failed, 0),
        (State::Releasing, Outcome::Impossible(failure(FailureCode::Refused)), State::Releasing, 3600),
        (State::Applied, Outcome::Impossible(failure(FailureCode::Refused)), State::Applied, day),
        (State::Pending, Outcome::Waits(Missing::Effect, None), State::Pending, 5),
        (State::Pending, Outcome::Waits(Missing::Licence, None), State::Pending, 300),
        (State::Pending, Outcome::Trouble("No.".to_owned()), State::Pending, 5),
        (State::Releasing, Outcome::Trouble("No.".to_owned()), State::Releasing, 5),
    ] {
        let user = after(state, outcome.clone());
        assert_eq!((user.state, user.due_at), (expected, at(60 + pause)), "{state:?} {outcome:?}");
        let begins = state != expected;
        assert_eq!(user.since, if begins { at(60) } else { at(0) }, "{state:?} {outcome:?}");
    }
    assert_eq!(after(State::Applied, Outcome::Drifted(found.clone())).found, Some(found));
    assert!(!after(State::Releasing, Outcome::Done).holds_something());
    let failed = after(State::Pending, Outcome::Impossible(failure(FailureCode::NumberTaken)));
    assert_eq!(failed.failure, Some(failure(FailureCode::NumberTaken)));
    assert!(failed.holds_something(), "it is taken back when it is released");
    let spread = in_state(State::Pending).after(Outcome::Done, 1000, at(60));
    assert_eq!(spread.due_at, at(60 + day + 5000), "looks are spread over more than an hour");
}

#[test]
fn r14_pauses_grow_and_patience_ends() {
    let mut user = in_state(State::Pending);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        user = user.after(Outcome::Waits(Missing::Effect, None), 0, at(0));
        pauses.push((user.due_at - at(0)).num_seconds());
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
    assert_eq!((user.attempts, user.missing), (12, Some(Missing::Effect)));
    let slow = in_state(State::Pending).after(Outcome::Waits(Missing::Policy, None), 0, at(0));
    assert_eq!((slow.due_at, slow.after(Outcome::Advanced, 0, at(9)).missing), (at(300), None));
    let hour = 3600;
    for (missing, patience, code) in [
        (Missing::User, hour, FailureCode::UserNotFound),
        (Missing::Effect, 72 * hour, FailureCode::TimedOut),
        (Missing::Licence, 720 * hour, FailureCode::TimedOut),
        (Missing::Policy, 720 * hour, FailureCode::TimedOut),
        (Missing::Grant, 720 * hour, FailureCode::TimedOut),
        (Missing::Consent, 720 * hour, FailureCode::TimedOut),
    ] {
        let waiting = TeamsUser { missing: Some(missing), ..in_state(State::Pending) };
        let waits = |seconds| waiting.clone().after(Outcome::Waits(missing, None), 0, at(seconds));
        assert_eq!(waits(patience - 1).state, State::Pending, "{missing:?}");
        let failed = waits(patience);
        assert_eq!((failed.state, failed.failure.map(|failure| failure.code)), (State::Failed, Some(code)));
        // A number stays with whoever Microsoft gave it to, however long it takes.
        let releasing = in_state(State::Releasing).after(Outcome::Waits(missing, None), 0, at(patience));
        assert_eq!(releasing.state, State::Releasing);
    }
    // Each wait has its own patience: what took others a month does not count against Microsoft.
    let licensed = TeamsUser { missing: Some(Missing::Licence), ..in_state(State::Pending) };
    let late = licensed.after(Outcome::Advanced, 0, at(700 * hour));
    let late = late.after(Outcome::Waits(Missing::Effect, None), 0, at(700 * hour));
    assert_eq!((late.state, late.waits_since), (State::Pending, at(700 * hour)));
    // But what has to be asked for again and again without effect ends.
    let again = late.after(Outcome::Advanced, 0, at(701 * hour));
    let again = again.after(Outcome::Waits(Missing::Effect, None), 0, at(772 * hour));
    assert_eq!(again.state, State::Failed);
    let known = Some(failure(FailureCode::PolicyRefused));
    let granted = TeamsUser { missing: Some(Missing::Grant), ..in_state(State::Pending) };
    let failed = granted.after(Outcome::Waits(Missing::Grant, known.clone()), 0, at(720 * hour));
    assert_eq!(failed.failure, known, "why it waited is why it failed");
}

#[test]
fn r14_a_user_says_what_comes_next_and_who_does_it() {
    let next = |user: TeamsUser, automatic| user.next(automatic).map(|next| (next.step, next.by));
    let (enterprise, microsoft, platform) = (Party::Enterprise, Party::Microsoft, Party::Platform);
    for (state, expected) in [
        (State::NotRequested, Some((Step::Apply, enterprise))),
        (State::Pending, Some((Step::Wait, microsoft))),
        (State::Applied, None),
        (State::Failed, Some((Step::ApplyAgain, enterprise))),
        (State::Drifted, Some((Step::Decide, enterprise))),
        (State::Releasing, Some((Step::Wait, microsoft))),
        (State::Released, Some((Step::Apply, enterprise))),
    ] {
        assert_eq!(next(in_state(state), true), expected);
        let by_hand = matches!(state, State::Pending | State::Releasing);
        let expected = if by_hand { Some((Step::Confirm, platform)) } else { expected };
        assert_eq!(next(in_state(state), false), expected);
    }
    for (missing, step) in [
        (Missing::User, Step::CreateUser),
        (Missing::Licence, Step::AssignLicence),
        (Missing::Policy, Step::RunScript),
        (Missing::Grant, Step::GrantPolicy),
        (Missing::Consent, Step::GiveConsent),
        (Missing::Effect, Step::Wait),
    ] {
        let user = TeamsUser { missing: Some(missing), ..in_state(State::Pending) };
        assert_eq!(user.next(true).unwrap().step, step);
    }
    let mut names: Vec<_> = Step::ALL.map(Step::as_str).to_vec();
    names.dedup();
    assert_eq!(names.len(), Step::ALL.len());
    assert_eq!((Next::of_new().step, Next::of_new().by), (Step::Apply, enterprise));
    assert!(Next::of_new().detail.ends_with('.'));
    let detail = |user: TeamsUser| user.next(true).unwrap().detail;
    let replaceable = TeamsUser { failure: Some(failure(FailureCode::OtherPolicy)), ..in_state(State::Failed) };
    assert!(detail(replaceable).contains("`replace`"));
    let other = TeamsUser { failure: Some(failure(FailureCode::Refused)), ..in_state(State::Failed) };
    assert!(detail(other).contains("Fix the cause"));
}

#[test]
fn r14_a_number_that_was_asked_for_may_still_come() {
    let before = TeamsUser { operation: Some("old".to_owned()), ..in_state(State::Pending) };
    let asked = before.asking_for_number(at(0));
    assert_eq!(asked.operation, None, "an older operation says nothing about it");
    assert!(asked.may_be_assigned(at(599)) && !asked.may_be_assigned(at(600)));
    assert!(!in_state(State::Pending).may_be_assigned(at(0)));
    // Nothing that people ask for makes that forgotten.
    let released = asked.clone().apply(true, at(1)).unwrap().release(at(2));
    assert!(released.may_be_assigned(at(599)));
}

#[test]
fn r14_what_microsoft_does_not_take_back_is_taken_back_by_hand() {
    let refused = TeamsUser { failure: Some(failure(FailureCode::Refused)), ..in_state(State::Releasing) };
    let next = refused.next(true).unwrap();
    assert_eq!((next.step, next.by), (Step::Confirm, Party::Platform));
    assert!(next.detail.contains("`failure`"));
    let passing = TeamsUser { failure: Some(failure(FailureCode::Unreachable)), ..in_state(State::Releasing) };
    assert_eq!(passing.next(true).unwrap().step, Step::Wait);
    let policy = TeamsUser { missing: Some(Missing::Grant), ..in_state(State::Releasing) };
    let line = "-Identity '00000000-0000-0000-0000-000000000000' -PolicyName $null";
    assert!(policy.next(true).unwrap().detail.ends_with(line));
    let moves = TeamsUser { progress: Progress::Revoke, state: State::Pending, ..policy };
    assert!(moves.next(true).unwrap().detail.ends_with(line));
}

#[test]
fn r14_no_name_gets_out_of_its_quotes_in_powershell() {
    let user = TeamsUser {
        teams_user: UserPrincipalName::parse("o'neil@kiosk.example").unwrap(),
        missing: Some(Missing::Grant),
        ..in_state(State::Pending)
    };
    let detail = user.next(true).unwrap().detail;
    let line = "Grant-CsOnlineVoiceRoutingPolicy -Identity 'o''neil@kiosk.example' \
                -PolicyName 'TeamMate kiosk.emea.teammate.example'";
    assert!(detail.ends_with(line), "{detail}");
}
