//! Tests of how lines are computed, with the examples of `docs/billing.md` and others. February 2028 has 29 days.

use uuid::Uuid;

use super::*;

const ENTERPRISE: u128 = 1;
const RESELLER: u128 = 2;
const OTHER_RESELLER: u128 = 3;
const MASTER: u128 = 4;

fn account(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

/// Parses a time: `10 12:30` is 12:30 on 10 February 2028. Days before 1 and after 29 are in other months.
fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00"));
    let (hour, minute) = time.split_once(':').expect("a time");
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let minutes = ((number(day) - 1) * 24 + number(hour)) * 60 + number(minute);
    Period::parse("2028-02").unwrap().start() + chrono::TimeDelta::minutes(minutes)
}

fn span(since: &str, until: &str) -> Span {
    Span { since: at(since), until: (!until.is_empty()).then(|| at(until)) }
}

/// A state of an account. `reseller` is given for the enterprise and `None` for the accounts above it.
fn state(since: &str, until: &str, status: Status, reseller: Option<u128>) -> AccountState {
    AccountState {
        span: span(since, until),
        master_reseller_id: Some(account(MASTER)),
        reseller_id: reseller.map(account),
        name: format!("from {since}"),
        billing_reference: Some(format!("ref {since}")),
        status,
        services: Services::from_flags(true, false).unwrap(),
    }
}

fn user(number: u128, since: &str, until: &str) -> UserSpan {
    UserSpan { user: UserId::from_uuid(Uuid::from_u128(number)), service: Service::Pbx, span: span(since, until) }
}

struct World {
    states: Vec<AccountState>,
    users: Vec<UserSpan>,
    above: HashMap<AccountId, Vec<AccountState>>,
}

impl World {
    /// An enterprise that was active the whole period, like all accounts above it.
    fn active() -> Self {
        let above = [RESELLER, OTHER_RESELLER, MASTER];
        let above = above.map(|id| (account(id), vec![state("-100", "", Status::Active, None)]));
        let states = vec![state("-50", "", Status::Active, Some(RESELLER))];
        Self { states, users: Vec::new(), above: above.into() }
    }

    fn lines(&self, as_of: &str, scope: &Scope) -> Vec<Line> {
        let Self { states, users, above } = self;
        let facts = Facts { enterprise: account(ENTERPRISE), states, users, above };
        let period = Period::parse("2028-02").unwrap();
        let mut per_day = UsersPerDay::none(period);
        let lines = count(period, at(as_of), scope, facts, Some(&mut per_day));
        let days: i64 = lines.iter().map(|line| line.numbers.user_days).sum();
        assert_eq!(days, per_day.pbx.iter().chain(&per_day.trunk).sum::<i64>(), "the days of the chart");
        lines
    }

    /// The numbers of the only line: users at the end, peak, user days, active days, suspended days.
    fn numbers(&self) -> [i64; 5] {
        let lines = self.lines("40", &Scope::Platform);
        assert_eq!(lines.len(), 1);
        let Numbers { users_at_end, users_peak, user_days, active_days, suspended_days } = lines[0].numbers;
        [users_at_end, users_peak, user_days, active_days, suspended_days]
    }
}

#[test]
fn r15_an_enterprise_that_was_there_all_the_time() {
    let mut world = World::active();
    assert_eq!(world.numbers(), [0, 0, 0, 29, 0]);
    world.users = vec![user(1, "-3", ""), user(2, "10 12:00", "")];
    assert_eq!(world.numbers(), [2, 2, 29 + 20, 29, 0]);
}

#[test]
fn r15_users_of_a_moment_count_for_their_day() {
    for (users, expected) in [
        // For a minute before midnight, from a minute before to a minute after it, and for the minute after it.
        (vec![user(1, "3 23:59", "4")], [0, 1, 1]),
        (vec![user(1, "3 23:59", "4 00:01")], [0, 1, 2]),
        (vec![user(1, "4", "4 00:01")], [0, 1, 1]),
        // Removed when the period begins, present when it ends, added after its end.
        (vec![user(1, "-2", "1"), user(2, "29 23:59", ""), user(3, "30", "")], [1, 1, 1]),
        // Removed exactly when the period ends: still counts as present at its last moment.
        (vec![user(1, "29 23:59", "30")], [1, 1, 1]),
        // One user is removed at the same instant at which the next is added.
        (vec![user(1, "5", "6 12:00"), user(2, "6 12:00", "7")], [0, 1, 3]),
        // Two spans of one user on the same day are one user day.
        (vec![user(1, "5 01:00", "5 02:00"), user(1, "5 03:00", "6 01:00")], [0, 1, 2]),
        // Two users on the same day are two user days.
        (vec![user(1, "5 01:00", "5 02:00"), user(2, "5 03:00", "5 04:00")], [0, 1, 2]),
    ] {
        let mut world = World::active();
        world.users.clone_from(&users);
        assert_eq!(world.numbers(), [expected[0], expected[1], expected[2], 29, 0], "{users:?}");
    }
}

#[test]
fn r15_suspension_stops_what_is_below_and_a_day_can_count_for_both() {
    let mut world = World::active();
    world.states = vec![
        state("-9", "2", Status::Pending, Some(RESELLER)),
        state("2", "5 12:00", Status::Active, Some(RESELLER)),
        state("5 12:00", "7 12:00", Status::Suspended, Some(RESELLER)),
        state("7 12:00", "", Status::Active, Some(RESELLER)),
    ];
    // Days 2–5 and 7–29 active, 5–7 suspended; nothing while it was pending.
    assert_eq!(world.numbers(), [0, 0, 0, 27, 3]);
    world.above.insert(
        account(RESELLER),
        vec![
            state("-100", "10", Status::Active, None),
            state("10", "12", Status::Suspended, None),
            state("12", "", Status::Active, None),
        ],
    );
    assert_eq!(world.numbers(), [0, 0, 0, 25, 5]);
    world.above.insert(
        account(MASTER),
        vec![state("-100", "11", Status::Active, None), state("11", "", Status::Suspended, None)],
    );
    // From day 11 on, the suspension of the master reseller applies to everything below it.
    assert_eq!(world.numbers(), [0, 0, 0, 7, 23]);
    // An enterprise that was never activated does not count as suspended.
    world.states = vec![state("-9", "", Status::Pending, Some(RESELLER))];
    assert_eq!(world.numbers(), [0, 0, 0, 0, 0]);
}

#[test]
fn r15_names_and_references_are_those_at_the_end() {
    let mut world = World::active();
    world.states = vec![
        state("-9", "10", Status::Active, Some(RESELLER)),
        state("10", "30", Status::Active, Some(RESELLER)),
        state("30", "", Status::Active, Some(RESELLER)),
    ];
    let line = |world: &World, as_of| world.lines(as_of, &Scope::Platform).remove(0);
    assert_eq!(line(&world, "40").enterprise_name, "from 10");
    assert_eq!(line(&world, "40").enterprise_billing_reference.as_deref(), Some("ref 10"));
    assert_eq!(line(&world, "9").enterprise_name, "from -9");
    world.states[1].span.until = Some(at("20"));
    world.states.truncate(2);
    assert_eq!(line(&world, "40").enterprise_name, "from 10", "closed on the 20th");
    assert_eq!(world.numbers(), [0, 0, 0, 19, 0]);
}

#[test]
fn r15_whatever_was_there_at_any_moment_has_a_line() {
    let mut world = World::active();
    for (since, until, lines) in
        [("-9", "1", 0), ("-9", "1 00:01", 1), ("29 23:59", "30", 1), ("30", "31", 0), ("5", "5 00:01", 1)]
    {
        world.states = vec![state(since, until, Status::Active, Some(RESELLER))];
        assert_eq!(world.lines("40", &Scope::Platform).len(), lines, "{since} {until}");
    }
    // A service that the enterprise had for an hour has a line as well.
    let mut both = state("5 01:00", "5 02:00", Status::Active, Some(RESELLER));
    both.services = Services::ALL;
    world.states = vec![
        state("-9", "5 01:00", Status::Active, Some(RESELLER)),
        both,
        state("5 02:00", "", Status::Active, Some(RESELLER)),
    ];
    let lines = world.lines("40", &Scope::Platform);
    let days: Vec<_> = lines.iter().map(|line| (line.service, line.numbers.active_days)).collect();
    assert_eq!(days, [(Service::Pbx, 29), (Service::Trunk, 1)]);
}

#[test]
fn r15_a_move_splits_at_the_instant() {
    let mut world = World::active();
    world.states = vec![
        state("-9", "10 12:00", Status::Active, Some(RESELLER)),
        state("10 12:00", "", Status::Active, Some(OTHER_RESELLER)),
    ];
    world.users = vec![user(1, "-3", ""), user(2, "20", "")];
    let lines = world.lines("40", &Scope::Platform);
    let split: Vec<_> = lines.iter().map(|line| (line.reseller_id, line.numbers)).collect();
    let numbers = |users_at_end, users_peak, user_days, active_days| Numbers {
        users_at_end,
        users_peak,
        user_days,
        active_days,
        suspended_days: 0,
    };
    let expected = [(account(RESELLER), numbers(0, 1, 10, 10)), (account(OTHER_RESELLER), numbers(2, 2, 30, 20))];
    assert_eq!(split, expected);
    // Each reseller gets the name that the enterprise had while it was below that reseller.
    let names: Vec<_> = lines.iter().map(|line| line.enterprise_name.as_str()).collect();
    assert_eq!(names, ["from -9", "from 10 12:00"]);
    // Each reseller sees only its own part.
    for (index, scope) in
        [Scope::Reseller(account(RESELLER)), Scope::Reseller(account(OTHER_RESELLER))].iter().enumerate()
    {
        assert_eq!(world.lines("40", scope), lines[index..=index]);
        // The result is the same if only the states recorded below that reseller are known.
        let Scope::Reseller(id) = *scope else { unreachable!("a reseller's") };
        let states = world.states.iter().filter(|state| state.reseller_id == Some(id)).cloned().collect();
        let part = World { states, users: world.users.clone(), above: world.above.clone() };
        assert_eq!(part.lines("40", scope), lines[index..=index]);
    }
    for scope in [Scope::MasterReseller(account(MASTER)), Scope::Enterprise(account(ENTERPRISE))] {
        assert_eq!(world.lines("40", &scope), lines);
    }
    assert_eq!(world.lines("40", &Scope::Reseller(account(9))), []);
}

#[test]
fn r15_a_reseller_is_billed_for_nothing_between_two_stays() {
    let mut world = World::active();
    world.states = vec![
        state("-9", "5", Status::Active, Some(RESELLER)),
        state("5", "10", Status::Active, Some(OTHER_RESELLER)),
        state("10", "", Status::Active, Some(RESELLER)),
    ];
    world.users = vec![user(1, "-3", ""), user(2, "6", "8")];
    let lines = world.lines("40", &Scope::Platform);
    let users =
        |line: &Line| (line.reseller_id, line.numbers.users_peak, line.numbers.user_days, line.numbers.active_days);
    assert_eq!(
        lines.iter().map(users).collect::<Vec<_>>(),
        [(account(RESELLER), 1, 4 + 20, 24), (account(OTHER_RESELLER), 2, 5 + 2, 5),]
    );
}

#[test]
fn r15_an_open_period_is_counted_as_far_as_it_has_come() {
    let mut world = World::active();
    world.users = vec![user(1, "-3", "20"), user(2, "15", "")];
    let numbers = world.lines("10 12:00", &Scope::Platform)[0].numbers;
    assert_eq!((numbers.users_at_end, numbers.users_peak, numbers.user_days, numbers.active_days), (1, 1, 10, 10));
}
