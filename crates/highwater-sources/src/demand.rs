//! Demand: sources that are only asked where the plan names them.
//!
//! They cost much, need a further right, or tell what a cheaper source tells as well.

use crate::found::{Due, Place};

/// Whether the plan names the source.
pub(crate) fn on_demand(source: &str, place: &Place<'_>) -> Due {
    let wanted = place.plan.is_some_and(|plan| plan.extra.contains(source));
    if wanted { Due::Ask } else { Due::Never }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, Plan};

    #[test]
    fn nothing_is_asked_that_nobody_named() {
        let mut plan = Plan::new(
            "00000000-0000-0000-0000-000000000001",
            Identity::Application,
            "2026-11-22T06:00:00Z",
        );
        assert_eq!(on_demand("kv.secrets", &Place::default()), Due::Never);
        let due =
            |plan: &Plan| on_demand("kv.secrets", &Place { plan: Some(plan), ..Place::default() });
        assert_eq!(due(&plan), Due::Never);
        plan.extra.insert("kv.secrets".to_owned());
        assert_eq!(due(&plan), Due::Ask);
    }
}
