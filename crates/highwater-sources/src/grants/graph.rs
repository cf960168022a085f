//! Needs of Microsoft Graph and of the activity feed.
//!
//! Pages: <https://learn.microsoft.com/graph/permissions-reference>. Names are alike for applications and people; a
//! person also needs a role that sees the data (Global Reader sees all of it).

use super::right::{activity, graph};
use super::{Need, both};

pub(super) const NEEDS: &[Need] = &[
    both(
        "graph.users",
        "User.Read.All (Directory.Read.All as the broad substitute)",
        &[&[graph("User.Read.All")], &[graph("Directory.Read.All")]],
    ),
    both(
        "graph.deleted_users",
        "User.Read.All",
        &[&[graph("User.Read.All")], &[graph("Directory.Read.All")]],
    ),
    both(
        "graph.groups",
        "Group.Read.All",
        &[&[graph("Group.Read.All")], &[graph("Directory.Read.All")]],
    ),
    both(
        "graph.group_members",
        "GroupMember.Read.All",
        &[
            &[graph("GroupMember.Read.All")],
            &[graph("Group.Read.All")],
            &[graph("Directory.Read.All")],
        ],
    ),
    both(
        "graph.skus",
        "Organization.Read.All or LicenseAssignment.Read.All",
        &[&[graph("LicenseAssignment.Read.All")], &[graph("Organization.Read.All")]],
    ),
    both(
        "graph.user_licences",
        "User.Read.All",
        &[&[graph("User.Read.All")], &[graph("Directory.Read.All")]],
    ),
    both(
        "graph.roles",
        "RoleManagement.Read.Directory",
        &[&[graph("RoleManagement.Read.Directory")], &[graph("RoleManagement.Read.All")]],
    ),
    both("graph.conditional_access", "Policy.Read.All", &[&[graph("Policy.Read.All")]]),
    both("graph.cross_tenant", "Policy.Read.All", &[&[graph("Policy.Read.All")]]),
    both(
        "graph.access_packages",
        "EntitlementManagement.Read.All, AccessReview.Read.All; needs a governance licence",
        &[&[graph("EntitlementManagement.Read.All"), graph("AccessReview.Read.All")]],
    ),
    both(
        "graph.intune_apps",
        "DeviceManagementApps.Read.All",
        &[&[graph("DeviceManagementApps.Read.All")]],
    ),
    both(
        "graph.devices",
        "DeviceManagementManagedDevices.Read.All",
        &[&[graph("DeviceManagementManagedDevices.Read.All")]],
    ),
    both(
        "graph.intune_detected_apps",
        "DeviceManagementManagedDevices.Read.All",
        &[&[graph("DeviceManagementManagedDevices.Read.All")]],
    ),
    both(
        "graph.intune_policies",
        "DeviceManagementConfiguration.Read.All",
        &[&[graph("DeviceManagementConfiguration.Read.All")]],
    ),
    both(
        "graph.app_discovery",
        "CloudApp-Discovery.Read.All",
        &[&[graph("CloudApp-Discovery.Read.All")]],
    ),
    both("o365.activity", "ActivityFeed.Read", &[&[activity("ActivityFeed.Read")]]),
];
