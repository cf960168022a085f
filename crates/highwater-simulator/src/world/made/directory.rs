//! Directory: people, groups and licences of a made tenant.

use serde_json::{Value, json};

use super::{Kind, Made, held, made};
use crate::asked::Asked;
use crate::world::Found;

const PRODUCT: &str = "b30411f5-fea1-4a59-9ad9-3db7c7ead579";

impl Made {
    pub(super) fn directory(&self, parts: &[&str], asked: &Asked) -> Found {
        let tenant = *self;
        match parts {
            ["v1.0", "users"] if asked.parameter("$filter").is_some() => {
                made(self.people() / 5, move |number| tenant.licensed(number as u64 * 5))
            }
            ["v1.0", "users"] => made(self.people(), move |number| tenant.person(number as u64)),
            ["v1.0", "groups"] => made(self.groups(), move |number| tenant.group(number as u64)),
            ["v1.0", "groups", id, "members" | "transitivemembers"] => {
                match self.number(Kind::Group, id) {
                    Some(group) if group < self.groups() as u64 => made(25, move |number| {
                        tenant.person((group * 25 + number as u64) % tenant.people() as u64)
                    }),
                    _ => Found::Nothing,
                }
            }
            ["v1.0", "subscribedskus"] => held(vec![
                json!({"id": format!("{}_{PRODUCT}", self.tenant_id()), "skuId": PRODUCT, "skuPartNumber": "POWERAPPS_PER_USER", "capabilityStatus": "Enabled",
                "consumedUnits": self.people() / 5, "prepaidUnits": {"enabled": self.people(), "suspended": 0, "warning": 0, "lockedOut": 0}, "servicePlans": [], "appliesTo": "User"}),
            ]),
            ["v1.0", "policies", "crosstenantaccesspolicy", "default"] => Found::Document(
                json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#policies/crossTenantAccessPolicy/default/$entity",
                "isServiceDefault": true}),
            ),
            _ => held(Vec::new()),
        }
    }

    const fn groups(&self) -> usize {
        50 + self.scale.environments
    }

    fn person(&self, number: u64) -> Value {
        json!({"@odata.type": "#microsoft.graph.user", "id": self.id(Kind::Person, number), "accountEnabled": !number.is_multiple_of(31), "userType": if number.is_multiple_of(53) { "Guest" } else { "Member" },
            "department": format!("Department {}", number % 12), "createdDateTime": self.ago(15_000)})
    }

    fn licensed(&self, number: u64) -> Value {
        let group =
            if number.is_multiple_of(2) { self.id(Kind::Group, 1).into() } else { Value::Null };
        json!({"id": self.id(Kind::Person, number), "licenseAssignmentStates": [{"skuId": PRODUCT, "disabledPlans": [], "assignedByGroup": group, "state": "Active", "error": "None"}]})
    }

    fn group(&self, number: u64) -> Value {
        let dynamic = number.is_multiple_of(4);
        json!({"id": self.id(Kind::Group, number), "displayName": format!("Group {number}"), "groupTypes": if dynamic { json!(["DynamicMembership"]) } else { json!([]) }, "securityEnabled": true,
            "mailEnabled": false, "membershipRule": if dynamic { "(user.department -ne null)".into() } else { Value::Null },
            "membershipRuleProcessingState": if dynamic { "On".into() } else { Value::Null }, "assignedLicenses": [], "resourceProvisioningOptions": [], "createdDateTime": self.ago(14_000)})
    }

    /// An object of the directory by its id.
    pub(super) fn object(&self, id: &str) -> Option<Value> {
        if let Some(number) = self.number(Kind::Person, id) {
            return (number < self.people() as u64).then(|| self.person(number));
        }
        let number =
            self.number(Kind::Group, id).filter(|number| *number < self.groups() as u64)?;
        let mut group = self.group(number);
        group["@odata.type"] = "#microsoft.graph.group".into();
        Some(group)
    }
}
