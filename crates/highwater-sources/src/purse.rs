//! Purse: a budget that is spent in a fixed order, whatever answers first.
//!
//! Units (an environment, an object) are read side by side, each with an allowance of its own, and inside a unit one
//! request follows the other. A unit that has used its allowance up waits until every other one has ended or waits
//! too; then what is left is counted and given out anew, the most important unit first. So which request is the last
//! one follows from the answers alone. Knows nothing of what is read, and never asks anybody for anything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{Notify, oneshot};

use crate::Error;

/// The pool out of which every request is paid, whatever its service.
pub(crate) const ALL: &str = "";

/// Units that are read at once.
const AT_ONCE: usize = 64;

/// Requests by pool.
type Requests = BTreeMap<String, u64>;

/// What may be spent.
#[derive(Debug)]
pub(crate) struct Treasury {
    state: Mutex<State>,
    /// A unit began to wait.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// What is left of each pool and in nobody's purse.
    left: Requests,
    /// Units that wait for more, by rank.
    waiting: BTreeMap<usize, oneshot::Sender<Requests>>,
    /// Units that are being read and do not wait.
    reading: usize,
}

/// What one unit may spend.
#[derive(Debug)]
pub(crate) struct Purse {
    treasury: Arc<Treasury>,
    /// Smaller is more important; none where no other unit is read.
    rank: Option<usize>,
    held: tokio::sync::Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    requests: Requests,
    /// Pools of which nothing will ever come again.
    spent: BTreeSet<String>,
}

impl Treasury {
    /// Pools by service, and [`ALL`] for the whole.
    pub(crate) fn new(left: Requests) -> Arc<Self> {
        let state = State { left, ..State::default() };
        Arc::new(Self { state: Mutex::new(state), changed: Notify::new() })
    }

    /// Whether requests to a service are paid for.
    pub(crate) fn covers(&self, service: &str) -> bool {
        let state = self.state();
        state.left.contains_key(ALL) || state.left.contains_key(service)
    }

    /// Everything for one unit beside which no other is read.
    pub(crate) fn whole(self: &Arc<Self>) -> Purse {
        let mut state = self.state();
        state.reading += 1;
        let requests =
            state.left.iter_mut().map(|(pool, left)| (pool.clone(), std::mem::take(left)));
        let held = Held { requests: requests.collect(), ..Held::default() };
        Purse { treasury: Arc::clone(self), rank: None, held: tokio::sync::Mutex::new(held) }
    }

    /// Reads units, most important first, as far as the pools reach. Hardly any unit costs more than `ample`.
    pub(crate) async fn spend<T, F>(
        self: &Arc<Self>,
        ample: u64,
        units: Vec<T>,
        read: impl Fn(T, Purse) -> F,
    ) -> Result<(), Error>
    where
        F: Future<Output = Result<(), Error>>,
    {
        let mut units = units.into_iter().enumerate();
        let mut under_way = FuturesUnordered::new();
        loop {
            let mut admitted = self.give_out(ample, &mut units);
            if admitted.is_empty() && under_way.is_empty() {
                return Ok(());
            }
            while !admitted.is_empty() || self.state().reading > 0 {
                while self.state().reading < AT_ONCE
                    && let Some((unit, purse)) = admitted.pop_front()
                {
                    self.state().reading += 1;
                    under_way.push(read(unit, purse));
                }
                tokio::select! {
                    done = under_way.next() => done.transpose()?,
                    () = self.changed.notified().fuse() => None,
                };
            }
        }
    }

    /// Gives out what is left, when nobody reads: to those that wait, then to units that have not begun.
    fn give_out<T>(
        self: &Arc<Self>,
        ample: u64,
        units: &mut impl ExactSizeIterator<Item = (usize, T)>,
    ) -> VecDeque<(T, Purse)> {
        let mut state = self.state();
        let all = state.waiting.len() + units.len();
        let richest = state.left.values().copied().filter(|left| *left > 0).min();
        let room = richest.map_or(all, |left| usize::try_from(left / ample).unwrap_or(all).max(1));
        let room = room.min(all);
        let share: Requests = state
            .left
            .iter()
            .map(|(pool, left)| (pool.clone(), left / (room.max(1) as u64)))
            .collect();
        let take = |state: &mut State| {
            for (pool, left) in &mut state.left {
                *left -= share.get(pool).copied().unwrap_or(0);
            }
            share.clone()
        };
        let mut given = 0;
        while given < room
            && let Some((_, waiting)) = state.waiting.pop_first()
        {
            given += 1;
            state.reading += 1;
            let requests = take(&mut state);
            // A unit that does not wait any more was given up with the whole run.
            let _ = waiting.send(requests);
        }
        let mut admitted = VecDeque::new();
        for (rank, unit) in units.take(room - given) {
            let held = Held { requests: take(&mut state), ..Held::default() };
            let held = tokio::sync::Mutex::new(held);
            admitted
                .push_back((unit, Purse { treasury: Arc::clone(self), rank: Some(rank), held }));
        }
        admitted
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes back what a unit has left.
    fn take_back(&self, state: &mut State, requests: &mut Requests) {
        for (pool, requests) in std::mem::take(requests) {
            *state.left.entry(pool).or_default() += requests;
        }
        state.reading = state.reading.saturating_sub(1);
        self.changed.notify_one();
    }
}

impl Purse {
    /// Pays for one request to a service; no: nothing is left for this unit, and nothing will be.
    pub(crate) async fn pay(&self, service: &str) -> bool {
        let mut held = self.held.lock().await;
        loop {
            let of = |pool: &&str| held.requests.contains_key(*pool);
            let pools: Vec<&str> = [ALL, service].into_iter().filter(of).collect();
            if pools.iter().any(|pool| held.spent.contains(*pool)) {
                return false;
            }
            let Some(lacking) = pools.iter().find(|pool| held.requests.get(**pool) == Some(&0))
            else {
                for pool in pools {
                    held.requests.entry(pool.to_owned()).and_modify(|requests| *requests -= 1);
                }
                return true;
            };
            let lacking = (*lacking).to_owned();
            if let Some(rank) = self.rank {
                self.wait(rank, &mut held).await;
            }
            if held.requests.get(&lacking) == Some(&0) {
                held.spent.insert(lacking);
            }
        }
    }

    /// Puts what is left back, and waits for more.
    async fn wait(&self, rank: usize, held: &mut Held) {
        let (wake, more) = oneshot::channel();
        {
            let mut state = self.treasury.state();
            state.waiting.insert(rank, wake);
            self.treasury.take_back(&mut state, &mut held.requests);
        }
        held.requests = more.await.unwrap_or_default();
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        let mut state = self.treasury.state();
        let held = self.held.get_mut();
        self.treasury.take_back(&mut state, &mut held.requests);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const AMPLE: u64 = 8;

    /// Units of so many requests each, to two services in turn; how many of each unit were paid for.
    fn paid(pools: &[(&str, u64)], costs: &[u64], seed: u64) -> Vec<(u64, u64)> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let pools = pools.iter().map(|(pool, left)| ((*pool).to_owned(), *left)).collect();
        let (treasury, told) = (Treasury::new(pools), Mutex::new(vec![(0, 0); costs.len()]));
        let units: Vec<(usize, u64)> = costs.iter().copied().enumerate().collect();
        let read = |(unit, cost): (usize, u64), purse: Purse| {
            let told = &told;
            async move {
                for request in 0..cost {
                    let mixed = (seed + 1).wrapping_mul(31 * unit as u64 + 7 * request + 1);
                    tokio::time::sleep(Duration::from_millis(mixed % 17)).await;
                    let service = if request % 3 == 2 { "dataverse" } else { "ppapi" };
                    if purse.pay(service).await {
                        let mut told = told.lock().unwrap();
                        told[unit].0 += 1;
                        told[unit].1 += u64::from(service == "dataverse");
                    }
                }
                Ok(())
            }
        };
        runtime.unwrap().block_on(treasury.spend(AMPLE, units, read)).unwrap();
        told.into_inner().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whoever_answers_first_changes_nothing(
            all in 0_u64..200, own in 0_u64..60, costs in prop::collection::vec(0_u64..40, 1..90),
            seeds in prop::array::uniform2(0_u64..1000),
        ) {
            let pools = [(ALL, all), ("dataverse", own)];
            prop_assert_eq!(paid(&pools, &costs, seeds[0]), paid(&pools, &costs, seeds[1]));
        }

        #[test]
        fn all_is_spent_where_more_is_wanted_and_nothing_beyond(
            all in 0_u64..300, costs in prop::collection::vec(0_u64..40, 1..90), seed in 0_u64..1000,
        ) {
            let spent: u64 = paid(&[(ALL, all)], &costs, seed).iter().map(|paid| paid.0).sum();
            prop_assert_eq!(spent, all.min(costs.iter().sum()));
        }

        #[test]
        fn a_unit_is_cut_only_where_hardly_anything_is_left_for_those_behind_it(
            all in 0_u64..300, costs in prop::collection::vec(1_u64..AMPLE, 1..90), seed in 0_u64..1000,
        ) {
            let paid = paid(&[(ALL, all)], &costs, seed);
            let cut = paid.iter().zip(&costs).position(|(paid, cost)| paid.0 < *cost);
            let behind = cut.map_or(0, |cut| paid[cut + 1..].iter().map(|paid| paid.0).sum());
            prop_assert_eq!(behind, 0, "{:?} of {:?}", paid, costs);
        }
    }

    #[test]
    fn what_is_not_bounded_is_not_counted() {
        assert_eq!(paid(&[("dataverse", 2)], &[9, 9], 1), [(6 + 2, 2), (6, 0)]);
    }

    #[tokio::test]
    async fn one_unit_alone_has_everything_and_waits_for_nobody() {
        let treasury = Treasury::new(BTreeMap::from([(ALL.to_owned(), 3)]));
        let purse = treasury.whole();
        for _ in 0..3 {
            assert!(purse.pay("bap").await);
        }
        assert!(!purse.pay("bap").await);
    }
}
