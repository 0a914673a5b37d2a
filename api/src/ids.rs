//! New ids that sort by creation.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::Timestamp;
use domain::id::Id;
use uuid::{NoContext, Uuid};

/// Creates an id: a UUIDv7 of this instant, so ids sort by creation. A counter precedes the random part (RFC 9562
/// section 6.2, method 1), so that ids that one process creates within the same millisecond, such as those of an
/// account's events, sort too.
#[must_use]
pub fn new_id<K>(now: Timestamp) -> Id<K> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let random = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()));
    // 26 bits of the counter, around the two bits of the variant.
    let [a, b, c, d] = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut octets = random.into_bytes();
    octets[6] = 0x70 | (a & 0x03) << 2 | b >> 6;
    octets[7] = b << 2 | c >> 6;
    octets[8] = 0x80 | c & 0x3f;
    octets[9] = d;
    Id::from_uuid(Uuid::from_bytes(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_sort_by_creation() {
        let now = chrono::DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let ids: Vec<Uuid> = (0..70_000).map(|_| new_id::<()>(now).uuid()).collect();
        assert!(ids.is_sorted());
        for id in ids {
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(id.get_timestamp().map(|time| time.to_unix()), Some((1_700_000_000, 123_000_000)));
        }
    }
}
