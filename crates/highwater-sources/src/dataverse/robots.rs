//! Desktop automation: `flowsessions`, `flowmachines`, `flowmachinegroups`, `workqueues`, `credentials`.
//!
//! Needs read access to these tables. Keys of machine groups, names of session users, inputs of queue items and values
//! of credentials are never selected.

use super::{NOT_INSTALLED, QUERY, ROWS, reads};
use crate::source::{Request, Reuse, Source};

pub(crate) static SESSIONS: Source = Source {
    id: "dv.sessions",
    about: "runs of desktop flows of the last 30 days",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/flowsession",
    requests: &[Request {
        path: "/api/data/v9.2/flowsessions",
        query: &[
            (
                "$select",
                "flowsessionid,startedon,completedon,statecode,statuscode,runmode,triggertype,sessionusersid,\
parentcloudflowrunsequenceid,_machineid_value,_machinegroupid_value,_regardingobjectid_value",
            ),
            ("$filter", "startedon ge {ago_30d}"),
        ],
        ..QUERY
    }],
    grant: reads("prvReadflowsession"),
    table: Some("flowsession"),
    filtered: true,
    ..ROWS
};

pub(crate) static MACHINES: Source = Source {
    id: "dv.machines",
    about: "machines that run desktop flows",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/flowmachine",
    requests: &[Request {
        path: "/api/data/v9.2/flowmachines",
        query: &[(
            "$select",
            "flowmachineid,name,agentversion,lastheartbeatdate,hostingtype,statecode,statuscode,createdon,\
_flowmachinegroupid_value,_createdby_value",
        )],
        ..QUERY
    }],
    grant: reads("prvReadflowmachine"),
    table: Some("flowmachine"),
    none_on: NOT_INSTALLED,
    ..ROWS
};

pub(crate) static GROUPS: Source = Source {
    id: "dv.machine_groups",
    about: "machine groups, hosted ones among them",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/flowmachinegroup",
    requests: &[Request {
        path: "/api/data/v9.2/flowmachinegroups",
        query: &[(
            "$select",
            "flowmachinegroupid,name,flowgrouptype,managementtype,maxmanagedmachinecount,statecode,statuscode",
        )],
        ..QUERY
    }],
    grant: reads("prvReadflowmachinegroup"),
    table: Some("flowmachinegroup"),
    none_on: NOT_INSTALLED,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

pub(crate) static QUEUES: Source = Source {
    id: "dv.work_queues",
    about: "work queues",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/workqueue",
    requests: &[Request {
        path: "/api/data/v9.2/workqueues",
        query: &[("$select", "workqueueid,name,workqueuetype,statecode,statuscode")],
        ..QUERY
    }],
    grant: reads("prvReadworkqueue"),
    table: Some("workqueue"),
    none_on: NOT_INSTALLED,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

pub(crate) static CREDENTIALS: Source = Source {
    id: "dv.credentials",
    about: "credentials and where they are kept, without their values",
    page: "https://learn.microsoft.com/power-automate/desktop-flows/create-AzureKeyVault-credential",
    requests: &[Request {
        path: "/api/data/v9.2/credentials",
        query: &[(
            "$select",
            "credentialid,connectiontype,_password_value,_certificate_value,_cyberarkobject_value,_cyberarksafe_value",
        )],
        ..QUERY
    }],
    grant: reads("prvReadcredential"),
    table: Some("credential"),
    none_on: NOT_INSTALLED,
    reuse: Some(Reuse::ROWS),
    ..ROWS
};
