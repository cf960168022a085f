//! Budget: how many requests a run may spend, by service and in all.
//!
//! Guarantees that a request beyond it is not sent. What is counted is what the vendor counts: attempts, and in a
//! batch each of its parts. Does not know the day: whoever resumes a run gives what was spent already.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::{Failure, Limits};

/// What may be spent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests in all (`--budget`); none: as many as needed.
    pub total: Option<u64>,
    /// Requests by service (`dataverse`: the vendor's daily pool); services that are not named are unbounded.
    pub services: BTreeMap<String, u64>,
    /// Requests by service that earlier runs spent of the same pools.
    pub spent: BTreeMap<String, u64>,
}

impl Budget {
    /// The vendors' daily pools of `limits`, and at most `total` requests in all.
    pub fn of(limits: &Limits, total: Option<u64>) -> Self {
        Self { total, services: limits.pools(), spent: BTreeMap::new() }
    }
}

/// A budget that is being spent.
#[derive(Debug)]
pub(crate) struct Purse {
    budget: Budget,
    spent: Mutex<(u64, BTreeMap<String, u64>)>,
}

impl Purse {
    pub(crate) fn new(budget: Budget) -> Self {
        let spent = Mutex::new((0, budget.spent.clone()));
        Self { budget, spent }
    }

    /// Takes `cost` requests, or refuses and takes nothing.
    pub(crate) fn spend(&self, service: &str, cost: u64) -> Result<(), Failure> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let of_service = spent.1.get(service).copied().unwrap_or(0);
        let fits = |limit: Option<u64>, spent: u64| limit.is_none_or(|limit| spent + cost <= limit);
        if !fits(self.budget.services.get(service).copied(), of_service)
            || !fits(self.budget.total, spent.0)
        {
            return Err(Failure::Budget { service: service.to_owned() });
        }
        spent.0 += cost;
        spent.1.insert(service.to_owned(), of_service + cost);
        Ok(())
    }

    /// Counts requests that the same run sent before it was killed.
    pub(crate) fn has_spent(&self, service: &str, requests: u64) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.0 = spent.0.saturating_add(requests);
        *spent.1.entry(service.to_owned()).or_default() += requests;
    }

    /// Gives `cost` requests back that were not sent after all.
    pub(crate) fn refund(&self, service: &str, cost: u64) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.0 = spent.0.saturating_sub(cost);
        if let Some(of_service) = spent.1.get_mut(service) {
            *of_service = of_service.saturating_sub(cost);
        }
    }

    /// Spent by service, earlier runs included, and what is left of its pool where it has one.
    pub(crate) fn of(&self, service: &str) -> (u64, Option<u64>) {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let of_service = spent.1.get(service).copied().unwrap_or(0);
        let pool = self.budget.services.get(service);
        (of_service, pool.map(|pool| pool.saturating_sub(of_service)))
    }

    /// What is left of the whole, if it is bounded.
    pub(crate) fn left(&self) -> Option<u64> {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        self.budget.total.map(|total| total.saturating_sub(spent.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purse(total: Option<u64>, dataverse: u64, spent: u64) -> Purse {
        Purse::new(Budget {
            total,
            services: BTreeMap::from([("dataverse".to_owned(), dataverse)]),
            spent: BTreeMap::from([("dataverse".to_owned(), spent)]),
        })
    }

    #[test]
    fn a_pool_is_spent_to_its_end_and_not_beyond() {
        let purse = purse(None, 10, 7);
        assert_eq!(purse.spend("dataverse", 2), Ok(()));
        let refused = purse.spend("dataverse", 2);
        assert_eq!(refused, Err(Failure::Budget { service: "dataverse".to_owned() }));
        assert_eq!(purse.spend("dataverse", 1), Ok(()));
        assert_eq!(purse.of("dataverse"), (10, Some(0)));
        assert_eq!(purse.spend("graph", 1000), Ok(()));
        assert_eq!(purse.of("graph"), (1000, None));
    }

    #[test]
    fn the_whole_binds_every_service_and_counts_this_run_only() {
        let purse = purse(Some(3), 100, 50);
        assert_eq!(purse.spend("dataverse", 2), Ok(()));
        assert_eq!(purse.spend("graph", 1), Ok(()));
        assert!(purse.spend("arm", 1).is_err());
        purse.refund("graph", 1);
        assert_eq!(purse.spend("arm", 1), Ok(()));
        assert_eq!(purse.left(), Some(0));
    }
}
