//! One small request for each source, and what is said of it.

use std::sync::Arc;

use highwater_sources::{Finding, Identity, State, doctor};

use crate::tenant::{Tenant, cloud};
use crate::{block, plan};

fn findings(tenant: &Arc<Tenant>, identity: Identity) -> Vec<Finding> {
    block(doctor(tenant.clone(), &cloud(), &plan(identity))).unwrap()
}

fn of<'a>(findings: &'a [Finding], source: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.source == source).unwrap()
}

#[test]
fn every_source_is_told_of_with_one_page_each() {
    let tenant = Arc::new(Tenant::new());
    let findings = findings(&tenant, Identity::Delegated);
    assert_eq!(findings.len(), highwater_sources::sources().count());
    assert_eq!(of(&findings, "bap.environments").state, State::Readable);
    assert_eq!(of(&findings, "powerapps.app_permissions").state, State::Readable);
    assert_eq!(of(&findings, "dv.solutions").state, State::Readable);
    assert_eq!(of(&findings, "dv.pipelines").state, State::Absent);
    assert_eq!(tenant.times("scopes/admin/environments?"), 1);
    assert_eq!(tenant.times("/api/data/v9.2/solutions"), 1);
    let tried =
        findings.iter().filter(|finding| !matches!(finding.state, State::Unknown { .. })).count();
    assert!(
        tenant.requests().len() <= tried + 2,
        "{} requests for {tried} sources",
        tenant.requests().len()
    );
}

#[test]
fn what_is_denied_and_what_hangs_on_it_are_told_apart() {
    let tenant = Arc::new(Tenant::refusing(&[
        ("v2/policies", 403),
        ("/api/data/v9.2/systemusers", 403),
        ("/apps?", 503),
    ]));
    let findings = findings(&tenant, Identity::Application);
    let list = of(&findings, "gov.dlp_list");
    assert!(matches!(list.state, State::Denied { status: 403, .. }), "{list:?}");
    assert_eq!(list.grant, Some("registered management app"));
    let State::Unknown { reason } = &of(&findings, "gov.dlp_policy").state else { panic!() };
    assert_eq!(reason, "of what could be read nothing names any policy");
    assert!(matches!(of(&findings, "dv.users").state, State::Denied { .. }));
    assert!(matches!(of(&findings, "powerapps.apps").state, State::Failed { .. }));
    let inventory = of(&findings, "inventory.query");
    assert!(inventory.grant.is_none() && matches!(inventory.state, State::Unknown { .. }));
}
