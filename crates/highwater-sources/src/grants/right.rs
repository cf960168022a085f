//! Right: one thing that somebody grants, and where it is granted.

/// Where a right is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plane {
    /// Microsoft Graph: an application or delegated permission.
    Graph,
    /// Office 365 Management APIs.
    Activity,
    /// Role assignments of Azure, at a management group or below.
    Azure,
    /// Role assignments of Power Platform.
    PlatformRole,
    /// Permissions of the Power Platform API.
    PlatformApi,
    /// Registration as a management application of Power Platform.
    ManagementApplication,
    /// Roles of the directory.
    DirectoryRole,
    /// Gateways and capacities of Power BI.
    PowerBi,
    /// Privileges of a security role in each Dataverse environment.
    Dataverse,
    /// Scopes of Azure DevOps.
    AzureDevOps,
    /// Permissions of a GitHub token.
    GitHub,
}

impl Plane {
    /// All of them, in the order in which they are described: what reads least comes first.
    pub const ALL: &'static [Self] = &[
        Self::PlatformRole,
        Self::PlatformApi,
        Self::Graph,
        Self::Activity,
        Self::Azure,
        Self::Dataverse,
        Self::AzureDevOps,
        Self::GitHub,
        Self::PowerBi,
        Self::DirectoryRole,
        Self::ManagementApplication,
    ];
}

/// One thing that somebody grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    /// Where it is granted.
    pub plane: Plane,
    /// As the vendor calls it.
    pub name: &'static str,
}

impl Right {
    const fn of(plane: Plane, name: &'static str) -> Self {
        Self { plane, name }
    }
}

/// Registration as a management application.
pub(super) const MANAGEMENT: Right =
    Right::of(Plane::ManagementApplication, "registered management application");
/// The directory role that administers Power Platform.
pub(super) const ADMINISTRATOR: Right = directory("Power Platform Administrator");
/// The reading role of Power Platform's own role assignments.
pub(super) const READER: Right = Right::of(Plane::PlatformRole, "Power Platform reader");

/// A permission of Microsoft Graph.
pub(super) const fn graph(name: &'static str) -> Right {
    Right::of(Plane::Graph, name)
}

/// A permission of the Office 365 Management APIs.
pub(super) const fn activity(name: &'static str) -> Right {
    Right::of(Plane::Activity, name)
}

/// A role of Azure.
pub(super) const fn azure(name: &'static str) -> Right {
    Right::of(Plane::Azure, name)
}

/// A permission of the Power Platform API.
pub(super) const fn platform(name: &'static str) -> Right {
    Right::of(Plane::PlatformApi, name)
}

/// A role of the directory.
pub(super) const fn directory(name: &'static str) -> Right {
    Right::of(Plane::DirectoryRole, name)
}

/// A right of Power BI.
pub(super) const fn power_bi(name: &'static str) -> Right {
    Right::of(Plane::PowerBi, name)
}

/// A privilege of a Dataverse security role.
pub(super) const fn dataverse(name: &'static str) -> Right {
    Right::of(Plane::Dataverse, name)
}

/// A scope of Azure DevOps.
pub(super) const fn devops(name: &'static str) -> Right {
    Right::of(Plane::AzureDevOps, name)
}

/// A permission of a GitHub token.
pub(super) const fn github(name: &'static str) -> Right {
    Right::of(Plane::GitHub, name)
}
