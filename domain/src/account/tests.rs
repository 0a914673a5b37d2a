//! Tests of accounts, their tree and what may be done with them.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// The active account of a tier on the path from the platform, 0, to the enterprise, 3.
pub(crate) fn account(tier: Tier) -> Account {
    let of = |other: Tier| AccountId::from_uuid(Uuid::from_u128(other as u128));
    Account {
        id: of(tier),
        tier,
        master_reseller_id: (tier >= Tier::MasterReseller).then_some(of(Tier::MasterReseller)),
        reseller_id: (tier >= Tier::Reseller).then_some(of(Tier::Reseller)),
        name: "Contoso".to_owned(),
        email: EmailAddress::from_stored("ann@contoso.example".to_owned()),
        billing_reference: None,
        services: Services::ALL,
        status: Status::Active,
        ancestors_active: true,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        activated_at: Some(Timestamp::default()),
        closed_at: None,
        activation: None,
        enterprise: None,
    }
}

#[test]
fn a_tier_has_a_name_for_programs_and_one_for_people() {
    let names = ["platform", "master_reseller", "reseller", "enterprise"];
    assert_eq!(Tier::ALL.map(Tier::as_str), names);
    assert_eq!(names.map(Tier::parse), Tier::ALL.map(Some));
    assert_eq!(["", "Reseller", "master reseller"].map(Tier::parse), [None; 3]);
    assert_eq!(Tier::ALL.map(Tier::noun), ["platform", "master reseller", "reseller", "enterprise"]);
}

#[test]
fn w1_the_id_of_an_account_tells_its_tier() {
    let texts = [
        "platform_01h455vb4pex5vsknk084sn02q",
        "master_reseller_01h455vb4pex5vsknk084sn02q",
        "reseller_01h455vb4pex5vsknk084sn02q",
        "enterprise_01h455vb4pex5vsknk084sn02q",
    ];
    for (tier, text) in Tier::ALL.into_iter().zip(texts) {
        let read = Tier::ALL.map(|other| other.parse_id(text).map(|id| other.format_id(id)));
        assert_eq!(read, Tier::ALL.map(|other| (other == tier).then(|| text.to_owned())), "{text}");
    }
}

#[test]
fn r7_an_account_operates_while_it_and_all_above_it_are_active() {
    for status in Status::ALL {
        for ancestors_active in [true, false] {
            let account = Account { status, ancestors_active, ..account(Tier::Reseller) };
            let expected = status == Status::Active && ancestors_active;
            assert_eq!(account.operates(), expected, "{status:?} {ancestors_active}");
        }
    }
}

#[test]
fn r8_an_account_lies_in_the_subtrees_of_all_on_its_path_and_in_no_other() {
    let path = [Tier::MasterReseller, Tier::Reseller, Tier::Enterprise];
    for (tier, above, id) in [
        (Tier::Platform, [false, false, false], None),
        (Tier::MasterReseller, [true, false, false], Some("master_reseller_00000000000000000000000001")),
        (Tier::Reseller, [true, true, false], Some("reseller_00000000000000000000000002")),
        (Tier::Enterprise, [true, true, true], Some("enterprise_00000000000000000000000003")),
    ] {
        let account = account(tier);
        let place = account.ancestry();
        let expected = path.map(|other| above[other as usize - 1].then_some(tests::account(other).id));
        assert_eq!(path.map(|other| place.account_of(other)), expected, "{tier:?}");
        assert_eq!(place.account_of(Tier::Platform), None, "the platform is on no path");
        // The last on the path, and the top of the subtree, is the account itself.
        assert_eq!(place.account_text().as_deref(), id);
        assert!(id.is_none_or(|id| account.id_text() == id), "{tier:?}");
        assert_eq!(place.account(), id.map(|_| account.id));
        assert_eq!(account.scope().account(), place.account());
        for other in Tier::ALL {
            assert_eq!(place.is_in(tests::account(other).scope()), other <= tier, "{tier:?} {other:?}");
            let stranger = AccountId::from_uuid(Uuid::from_u128(9));
            assert_eq!(place.is_in(Scope::below(other, stranger)), other == Tier::Platform, "{tier:?} {other:?}");
        }
    }
}

#[test]
fn r7_each_status_allows_its_own_changes() {
    use Status::{Active, Closed, Pending, Suspended};
    let not_pending = |status| Err(Refusal::WrongStatus { status, transition: Transition::Activate });
    let unconfirmed = || Err(Refusal::EmailChangeNeedsConfirmation);
    let closed = || Err(Refusal::AccountClosed);
    for (status, change, resend_activation, replace_email) in [
        (Pending, Ok(()), Ok(()), Ok(())),
        (Active, Ok(()), not_pending(Active), unconfirmed()),
        (Suspended, Ok(()), not_pending(Suspended), unconfirmed()),
        (Closed, closed(), closed(), closed()),
    ] {
        assert_eq!(check_open(status), change, "{status:?}");
        assert_eq!(check_resend(status), resend_activation, "{status:?}");
        assert_eq!(check_email_change(status), replace_email, "{status:?}");
    }
}

#[test]
fn r7_the_life_cycle_is_this_table() {
    use Status::{Active, Closed, Pending, Suspended};
    use Transition::{Activate, Close, Resume, Suspend};
    let allowed = [
        (Pending, Activate, Active),
        (Active, Suspend, Suspended),
        (Suspended, Resume, Active),
        (Pending, Close, Closed),
        (Active, Close, Closed),
        (Suspended, Close, Closed),
    ];
    for status in Status::ALL {
        for transition in Transition::ALL {
            let expected = allowed.iter().find(|row| (row.0, row.1) == (status, transition)).map(|row| row.2);
            assert_eq!(status.after(transition).ok(), expected, "{status:?} {transition:?}");
        }
    }
}

#[test]
fn r5_services_come_from_the_parent() {
    let pbx = Services::from_flags(true, false).unwrap();
    assert_eq!(check_offered(pbx, Services::ALL), Ok(()));
    assert_eq!(check_offered(Services::ALL, pbx), Err(Refusal::ServiceNotOffered { services: vec![Service::Trunk] }));
}

proptest! {
    #[test]
    fn r7_closing_is_final_whatever_comes_after(steps in prop::collection::vec(0usize..4, 0..20)) {
        let mut status = Status::Pending;
        let mut closed = false;
        for step in steps {
            let transition = Transition::ALL[step];
            if let Ok(next) = status.after(transition) {
                prop_assert!(!closed, "left closed by {transition:?}");
                status = next;
                closed |= next == Status::Closed;
            }
        }
    }
}
