//! Places for what is scarce: connections, downloads, uploads. There is a number of them in all, and for each holder.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// The places of one kind. `K` tells their holders apart: an address, a caller, an account.
pub struct Places<K: Eq + Hash> {
    total_max: usize,
    per_holder_max: usize,
    taken: Mutex<Taken<K>>,
}

struct Taken<K> {
    total: usize,
    per_holder: HashMap<K, usize>,
}

/// A place that was taken. Dropping it frees the place.
pub struct Place<K: Eq + Hash> {
    places: Arc<Places<K>>,
    holder: Option<K>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// All are taken.
    Full,
    /// The holder has as many as one may have.
    HasEnough,
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// Creates `total_max` places, of which one holder may have `per_holder_max`.
    #[must_use]
    pub fn new(total_max: usize, per_holder_max: usize) -> Arc<Self> {
        Arc::new(Self { total_max, per_holder_max, taken: Mutex::new(Taken { total: 0, per_holder: HashMap::new() }) })
    }

    /// Takes a place. Without a holder, only the total counts.
    pub fn take(self: &Arc<Self>, holder: Option<K>) -> Result<Place<K>, NoPlace> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = &holder
            && taken.per_holder.get(holder).is_some_and(|count| *count >= self.per_holder_max)
        {
            return Err(NoPlace::HasEnough);
        }
        if taken.total >= self.total_max {
            return Err(NoPlace::Full);
        }
        taken.total += 1;
        if let Some(holder) = holder.clone() {
            *taken.per_holder.entry(holder).or_default() += 1;
        }
        Ok(Place { places: Arc::clone(self), holder })
    }

    /// Whether all places are taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.taken() >= self.total_max
    }

    /// The number of places that are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        if let Some(holder) = &self.holder
            && let Some(count) = taken.per_holder.get_mut(holder)
        {
            *count -= 1;
            if *count == 0 {
                taken.per_holder.remove(holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_in_all_and_per_holder() {
        let places = Places::new(3, 2);
        let first = places.take(Some("a")).expect("the first");
        let second = places.take(Some("a")).expect("the second");
        assert_eq!(places.take(Some("a")).err(), Some(NoPlace::HasEnough));
        let third = places.take(Some("b")).expect("the first of another holder");
        assert_eq!(places.take(None).err(), Some(NoPlace::Full));
        drop(first);
        let fourth = places.take(None).expect("one without a holder");
        assert_eq!(places.taken(), 3);
        drop((second, third, fourth));
        assert_eq!(places.taken(), 0);
        assert!(places.taken.lock().expect("no panic").per_holder.is_empty(), "holders without places are forgotten");
    }
}
