//! The table of states and commands, and properties of every sequence of commands.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::delivery::pause_after;
use crate::next_step::NextStep;
use crate::values::host_name::HostName;

fn link() -> Link {
    let domain = RouteDomain::below("kiosk", &HostName::parse("emea.example").unwrap()).unwrap();
    Link { domain, tenant: Tenant::parse("kiosk.example").unwrap() }
}

fn txt() -> VerificationTxt {
    VerificationTxt::parse("MS=ms1").unwrap()
}

fn stages() -> [Stage; 4] {
    [Stage::ConsentRequested, Stage::DomainPending(txt()), Stage::DomainVerified(txt()), Stage::Activating(txt())]
}

fn working(stage: Stage) -> State {
    State::Working { link: link(), stage }
}

fn failed(stage: Stage) -> State {
    State::Failed { link: link(), stage, reason: Failure::Refused }
}

fn states() -> Vec<State> {
    let mut states = vec![State::NotStarted];
    states.extend(stages().map(working));
    states.push(State::Established { link: link(), txt: txt() });
    states.extend(stages().map(failed));
    states
}

fn route(region: &SbcRegionCode, state: State) -> Route {
    Route {
        region: region.clone(),
        state,
        since: Timestamp::default(),
        attempts: 0,
        due_at: Timestamp::default(),
        last_error: None,
        anchor: None,
        voice_policy: None,
    }
}

/// The name of a state; for a failed one, including its stage.
fn name(state: &State) -> String {
    match state {
        State::Failed { stage, .. } => format!("failed in {}", stage.as_str()),
        other => other.as_str().to_owned(),
    }
}

/// For each state, the states after: start, confirm with a TXT record, confirm without, fail, retry, remove. `-` means
/// the command is refused.
#[rustfmt::skip]
const TABLE: [(&str, [&str; 6]); 10] = [
    ("not_started",       ["consent_requested", "-", "-", "-", "-", "-"]),
    ("consent_requested", ["-", "domain_pending", "-", "failed in consent_requested", "-", "not_started"]),
    ("domain_pending",    ["-", "domain_verified", "domain_verified", "failed in domain_pending", "-", "not_started"]),
    ("domain_verified",   ["-", "activating", "activating", "failed in domain_verified", "-", "not_started"]),
    ("activating",        ["-", "established", "established", "failed in activating", "-", "not_started"]),
    ("established",       ["-", "-", "-", "-", "-", "not_started"]),
    ("failed in consent_requested", ["-", "-", "-", "-", "consent_requested", "not_started"]),
    ("failed in domain_pending",    ["-", "-", "-", "-", "domain_pending", "not_started"]),
    ("failed in domain_verified",   ["-", "-", "-", "-", "domain_verified", "not_started"]),
    ("failed in activating",        ["-", "-", "-", "-", "activating", "not_started"]),
];

#[test]
fn r11_every_state_answers_every_command_as_the_table_says() {
    let commands = [
        Command::Start(link()),
        Command::Confirm(Some(txt())),
        Command::Confirm(None),
        Command::Fail(Failure::Refused),
        Command::Retry,
        Command::Remove,
    ];
    for (state, (row, expected)) in states().into_iter().zip(TABLE) {
        assert_eq!(name(&state), row);
        for (command, expected) in commands.iter().zip(expected) {
            let after = state.clone().after(command.clone());
            let seen = after.as_ref().map_or("-".to_owned(), name);
            assert_eq!(seen, expected, "{row}: {command:?}");
            let refusal = if row == "consent_requested" && *command == Command::Confirm(None) {
                Refusal::VerificationTxtRequired
            } else {
                Refusal::WrongRouteState { state: state.as_str(), command: command.done() }
            };
            assert!(after.is_ok() || after == Err(refusal), "{row}: {command:?}: {after:?}");
        }
    }
}

#[test]
fn r11_a_domain_that_left_the_tenant_is_taken_on_again() {
    for stage in stages() {
        let failed = working(stage).after(Command::Fail(Failure::DomainGone)).unwrap();
        assert_eq!(failed.after(Command::Retry), Ok(working(Stage::ConsentRequested)));
    }
}

#[test]
fn r11_every_state_but_the_last_says_what_comes_next_and_who_must_do_it() {
    for state in states() {
        assert_eq!(Next::after(&state).is_none(), state.is_established(), "{state:?}");
    }
    let next = |state: &State| Next::after(state).map(|next| (next.step, next.by));
    assert_eq!(next(&working(Stage::DomainPending(txt()))), Some((NextStep::PublishTxtRecord, Party::Platform)));
    assert_eq!(next(&working(Stage::DomainVerified(txt()))), Some((NextStep::ProvideLicence, Party::Enterprise)));
    assert_eq!(next(&working(Stage::Activating(txt()))), Some((NextStep::Wait, Party::Microsoft)));
    let taken = State::Failed { link: link(), stage: Stage::ConsentRequested, reason: Failure::DomainTaken };
    assert_eq!(next(&taken), Some((NextStep::StartAnew, Party::Enterprise)));
}

#[test]
fn r11_a_party_has_one_name_on_the_wire() {
    let parties = [Party::Enterprise, Party::Platform, Party::Microsoft];
    assert_eq!(parties.map(Party::as_str), ["enterprise", "platform", "microsoft"]);
}

#[test]
fn r11_a_stage_is_restored_only_with_what_it_needs() {
    for stage in stages() {
        assert_eq!(Stage::restore(stage.as_str(), stage.txt().cloned()), Some(stage.clone()));
        let wrong = if stage.txt().is_some() { None } else { Some(txt()) };
        assert_eq!(Stage::restore(stage.as_str(), wrong), None);
    }
    assert_eq!(Stage::restore("established", Some(txt())), None);
}

#[test]
fn r12_what_is_missing_is_named() {
    let route = |region: &str, state: State| route(&SbcRegionCode::parse(region).unwrap(), state);
    let check = |routes: Vec<Route>| DirectRouting { routes, ..DirectRouting::default() }.check_established();
    let missing = |region: Option<&str>, state, next| {
        let region = region.map(str::to_owned);
        Err(Refusal::DirectRoutingNotEstablished { region, state, next: Some(next) })
    };
    assert_eq!(check(vec![]), missing(None, "not_started", NextStep::Start));
    let (behind, ahead) = (working(Stage::ConsentRequested), working(Stage::DomainVerified(txt())));
    assert_eq!(
        check(vec![route("emea", behind.clone()), route("noam", ahead)]),
        missing(Some("noam"), "domain_verified", NextStep::ProvideLicence)
    );
    let established = State::Established { link: link(), txt: txt() };
    assert_eq!(check(vec![route("emea", behind), route("noam", established)]), Ok(()));
}

#[test]
fn r11_those_between_staff_and_enterprise_confirm_only_with_its_consent() {
    for tier in Tier::ALL {
        let between = matches!(tier, Tier::MasterReseller | Tier::Reseller);
        assert_eq!(check_may_confirm(tier, false).is_ok(), !between, "{tier:?}");
        assert_eq!(check_may_confirm(tier, true), Ok(()), "{tier:?}");
    }
}

#[test]
fn r11_an_attempt_leads_on_or_to_a_pause_or_to_a_readable_end() {
    let start = Timestamp::default();
    for stage in stages() {
        let judge = |attempts, outcome, now| judge(&stage, start, attempts, outcome, 0, now);
        let taken = judge(3, Outcome::Taken(Some(txt())), start);
        assert_eq!(taken, Verdict::Go { command: Command::Confirm(Some(txt())), error: None });
        let noted = Verdict::Wait { due_at: start, attempts: 0, error: None };
        assert_eq!(judge(3, Outcome::Noted, start), noted);
        // While others have to act, the route waits until the patience of its stage is used up.
        let waits = || Outcome::NotYet("Not yet.".to_owned());
        let last = start + stage.patience();
        let paused = Verdict::Wait { due_at: start + stage.pause(), attempts: 0, error: Some("Not yet.".to_owned()) };
        assert_eq!(judge(7, waits(), start), paused);
        let over = Verdict::Go { command: Command::Fail(Failure::TimedOut), error: Some("Not yet.".to_owned()) };
        assert_eq!(judge(0, waits(), last), over);
        // On trouble, the pauses grow, are at least as long as requested, and the route fails in the end.
        let trouble = |seconds: Option<i64>| Outcome::Trouble {
            detail: "503.".to_owned(),
            retry_after: seconds.map(TimeDelta::seconds),
        };
        let pause_of = |attempts, asked| match judge(attempts, trouble(asked), start) {
            Verdict::Wait { due_at, attempts: noted, .. } if noted == attempts + 1 => Some(due_at - start),
            _ => None,
        };
        assert_eq!(pause_of(0, None), pause_after(1, 0));
        assert_eq!(pause_of(0, Some(120)), Some(TimeDelta::seconds(120)));
        assert_eq!(pause_of(0, Some(0)), pause_after(1, 0), "never faster than by itself");
        assert_eq!(pause_of(0, Some(i64::from(i32::MAX))), Some(TimeDelta::days(1)));
        let end = Verdict::Go { command: Command::Fail(Failure::Unreachable), error: Some("503.".to_owned()) };
        assert_eq!(judge(0, trouble(Some(1)), last), end);
        let hourly = judge(i32::MAX, trouble(None), start);
        let due_at = start + TimeDelta::hours(1);
        assert_eq!(hourly, Verdict::Wait { due_at, attempts: 19, error: Some("503.".to_owned()) });
    }
}

#[test]
fn r11_a_failure_has_one_name_everywhere_and_a_command_one_in_messages() {
    let names = ["timed_out", "domain_taken", "domain_gone", "refused", "unreachable"];
    assert_eq!(Failure::ALL.map(Failure::as_str), names);
    assert_eq!(names.map(Failure::parse), Failure::ALL.map(Some));
    assert_eq!(["", "Refused", "failed"].map(Failure::parse), [None; 3]);
    for (command, done) in [
        (Command::Start(link()), "started"),
        (Command::Confirm(None), "confirmed"),
        (Command::Fail(Failure::Refused), "failed"),
        (Command::Retry, "retried"),
        (Command::Remove, "removed"),
    ] {
        assert_eq!(command.done(), done);
    }
}

#[test]
fn r11_the_txt_record_is_known_from_the_day_it_was_issued() {
    for state in states() {
        let known =
            !matches!(name(&state).as_str(), "not_started" | "consent_requested" | "failed in consent_requested");
        assert_eq!(state.txt(), known.then_some(&txt()), "{state:?}");
    }
}

#[test]
fn r10_r14_a_region_with_a_route_stays_and_serves_users_once_it_is_established() {
    let [emea, noam, apac] = ["emea", "noam", "apac"].map(|code| SbcRegionCode::parse(code).unwrap());
    let established = State::Established { link: link(), txt: txt() };
    let routing = DirectRouting {
        routes: vec![route(&emea, working(Stage::ConsentRequested)), route(&noam, established.clone())],
        ..DirectRouting::default()
    };
    let blocker =
        |id: &str, status| Blocker { kind: "route", id: id.to_owned(), name: "kiosk.emea.example".to_owned(), status };
    let waits = |region: &str, state, next| {
        Err(Refusal::DirectRoutingNotEstablished { region: Some(region.to_owned()), state, next: Some(next) })
    };
    for (region, state, blockers, users) in [
        (
            &emea,
            working(Stage::ConsentRequested),
            vec![blocker("emea", "consent_requested")],
            waits("emea", "consent_requested", NextStep::GiveConsent),
        ),
        (&noam, established, vec![blocker("noam", "established")], Ok(())),
        (&apac, State::NotStarted, vec![], waits("apac", "not_started", NextStep::Start)),
    ] {
        assert_eq!(routing.state(region), state);
        let total = i64::try_from(blockers.len()).unwrap();
        assert_eq!(routing.blockers([region].into_iter()), Blockers { listed: blockers, total });
        assert_eq!(routing.check_voice_route(region), users);
    }
}

#[test]
fn r11_an_established_route_is_looked_after_and_never_fails_because_of_it() {
    let since = Timestamp::default();
    let after_many =
        |attempts, now, outcome, is_missing| match judge_check(since, attempts, outcome, is_missing, 0, now) {
            Verdict::Wait { due_at, attempts, error } => (due_at - now, attempts, error),
            verdict @ Verdict::Go { .. } => panic!("{verdict:?}"),
        };
    let after = |now, outcome, is_missing| after_many(0, now, outcome, is_missing);
    let text = || "Gone.".to_owned();
    let impossible = Outcome::Impossible { reason: Failure::DomainGone, detail: text() };
    let trouble = Outcome::Trouble { detail: text(), retry_after: Some(TimeDelta::minutes(2)) };
    let (soon, week, day) = (TimeDelta::minutes(15), TimeDelta::days(7), TimeDelta::days(1));
    for (passed, outcome, is_missing, expected) in [
        (TimeDelta::zero(), Outcome::Taken(None), false, (day, 0, None)),
        (TimeDelta::zero(), Outcome::Taken(None), true, (soon, 0, None)),
        (week - soon, Outcome::Taken(None), true, (soon, 0, None)),
        (week, Outcome::Taken(None), true, (day, 0, None)),
        (week, Outcome::Noted, false, (TimeDelta::zero(), 0, None)),
        (week, Outcome::NotYet(text()), false, (TimeDelta::minutes(5), 1, Some(text()))),
        (week, impossible, false, (day, 0, Some(text()))),
        (week, trouble, false, (TimeDelta::minutes(2), 1, Some(text()))),
    ] {
        assert_eq!(after(since + passed, outcome.clone(), is_missing), expected, "{passed} {outcome:?} {is_missing}");
    }
    let waits = |attempts| after_many(attempts, since, Outcome::NotYet(text()), false);
    assert_eq!((waits(3).0, waits(3).1), (TimeDelta::minutes(40), 4), "longer each time");
    assert_eq!((waits(i32::MAX).0, waits(i32::MAX).1), (day, 10));
    assert_eq!(after_many(3, since, Outcome::Noted, false), (TimeDelta::zero(), 3, None), "also across what is noted");
}

#[test]
fn r11_the_anchor_user_signs_in_below_the_domain_of_the_route() {
    let Link { domain, .. } = link();
    assert_eq!(anchor_name(&domain), "teammate@kiosk.emea.example");
    assert_eq!(anchor_nickname(&domain), "teammate-kiosk-emea-example");
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Start(link())),
        Just(Command::Confirm(Some(txt()))),
        Just(Command::Confirm(None)),
        prop::sample::select(Failure::ALL.to_vec()).prop_map(Command::Fail),
        Just(Command::Retry),
        Just(Command::Remove),
    ]
}

proptest! {
    #[test]
    fn r11_no_sequence_of_commands_ends_without_a_way_on(commands in prop::collection::vec(any_command(), 0..40)) {
        let mut state = State::NotStarted;
        for command in commands {
            let before = state.clone();
            let Ok(after) = state.clone().after(command.clone()) else { continue };
            // The TXT record is kept until the route is removed or the domain has left the tenant.
            let gone = command == Command::Fail(Failure::DomainGone);
            prop_assert!(before.txt().is_none() || after.txt() == before.txt() || gone || command == Command::Remove);
            prop_assert_eq!(after.domain().is_none(), after == State::NotStarted);
            prop_assert!(!after.is_established() || matches!(command, Command::Confirm(_)));
            state = after;
        }
        // From every state, a route can be established and removed.
        prop_assert!(state == State::NotStarted || state.clone().after(Command::Remove) == Ok(State::NotStarted));
        for command in [Command::Retry, Command::Start(link())] {
            if let Ok(after) = state.clone().after(command) { state = after; }
        }
        for _ in 0..4 {
            if let Ok(after) = state.clone().after(Command::Confirm(Some(txt()))) { state = after; }
        }
        prop_assert!(state.is_established());
    }
}
