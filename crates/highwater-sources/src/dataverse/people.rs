//! People: `systemusers` and `teams` with their roles, and `roles`.
//!
//! Needs read access to users, teams and roles. Names and addresses of people are not selected: the directory id is
//! enough. Disabled users are left out.

use serde::Deserialize;

use super::{QUERY, ROWS, busy_or_production, production, reads};
use crate::found::{Answer, Found, Object};
use crate::source::{Request, Reuse, Source};

pub(crate) static USERS: Source = Source {
    id: "dv.users",
    about: "users and application users with their roles",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/systemuser",
    requests: &[Request {
        path: "/api/data/v9.2/systemusers",
        query: &[
            ("$select", "systemuserid,azureactivedirectoryobjectid,applicationid,isdisabled"),
            ("$filter", "isdisabled eq false"),
            ("$expand", "systemuserroles_association($select=roleid,name)"),
        ],
        ..QUERY
    }],
    grant: reads("prvReadUser, prvReadRole"),
    due: busy_or_production,
    names: &["principal"],
    find,
    ..ROWS
};

pub(crate) static TEAMS: Source = Source {
    id: "dv.teams",
    about: "teams with their roles",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/team",
    requests: &[Request {
        path: "/api/data/v9.2/teams",
        query: &[
            ("$select", "teamid,name,teamtype,azureactivedirectoryobjectid"),
            ("$expand", "teamroles_association($select=roleid,name)"),
        ],
        ..QUERY
    }],
    grant: reads("prvReadTeam, prvReadRole"),
    due: busy_or_production,
    ..ROWS
};

pub(crate) static ROLES: Source = Source {
    id: "dv.roles",
    about: "security roles of production environments",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/role",
    requests: &[Request {
        path: "/api/data/v9.2/roles",
        query: &[(
            "$select",
            "roleid,name,ismanaged,_parentrootroleid_value,_businessunitid_value",
        )],
        ..QUERY
    }],
    grant: reads("prvReadRole"),
    due: production,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

#[derive(Deserialize)]
struct User {
    azureactivedirectoryobjectid: Option<String>,
    applicationid: Option<String>,
}

fn find(answer: &Answer<'_>, found: &mut Found) {
    for user in answer.list::<User>() {
        if user.applicationid.is_none()
            && let Some(id) = user.azureactivedirectoryobjectid
        {
            found.named(Object::new("principal", id));
        }
    }
}
