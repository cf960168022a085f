//! Pipelines: `deploymentpipelines`, `deploymentstages`, `deploymentenvironments`, `deploymentstageruns`.
//!
//! Needs read access to these tables. They come with the solution of a pipelines host: everywhere else the service
//! answers 404, which says that there are none. Artefacts of deployments are left out.

use super::{NOT_INSTALLED, QUERY, ROWS, reads};
use crate::source::{Request, Reuse, Source};

pub(crate) static PIPELINES: Source = Source {
    id: "dv.pipelines",
    about: "deployment pipelines, their stages and environments",
    page: "https://learn.microsoft.com/power-platform/alm/pipelines",
    requests: &[
        Request {
            part: "deploymentpipelines",
            path: "/api/data/v9.2/deploymentpipelines",
            query: &[
                ("$select", "deploymentpipelineid,name,statecode,_ownerid_value,_owningteam_value"),
                (
                    "$expand",
                    "deploymentpipeline_deploymentenvironment($select=environmentid,environmenttype)",
                ),
            ],
            ..QUERY
        },
        Request {
            part: "deploymentstages",
            path: "/api/data/v9.2/deploymentstages",
            query: &[
                (
                    "$select",
                    "deploymentstageid,name,statecode,predeploymentsteprequired,isdelegateddeployment,\
_deploymentpipelineid_value,_previousdeploymentstageid_value",
                ),
                ("$expand", "targetdeploymentenvironmentid($select=environmentid,environmenttype)"),
            ],
            ..QUERY
        },
        Request {
            part: "deploymentenvironments",
            path: "/api/data/v9.2/deploymentenvironments",
            query: &[(
                "$select",
                "deploymentenvironmentid,name,environmentid,environmenttype,statecode",
            )],
            ..QUERY
        },
    ],
    grant: reads("prvReaddeployment*"),
    none_on: NOT_INSTALLED,
    table: Some("deploymentpipeline"),
    reuse: Some(Reuse::ROWS),
    ..ROWS
};

pub(crate) static RUNS: Source = Source {
    id: "dv.pipeline_runs",
    about: "runs of pipeline stages of the last 180 days",
    page: "https://learn.microsoft.com/power-platform/alm/pipelines",
    requests: &[Request {
        path: "/api/data/v9.2/deploymentstageruns",
        query: &[
            (
                "$select",
                "deploymentstagerunid,artifactname,operation,stagerunstatus,validationstatus,createdon,starttime,endtime,\
_createdby_value,_deploymentstageid_value",
            ),
            ("$filter", "createdon ge {ago_180d}"),
            ("$expand", "deploymentstageid($select=deploymentstageid,_deploymentpipelineid_value)"),
        ],
        ..QUERY
    }],
    grant: reads("prvReaddeploymentstagerun"),
    none_on: NOT_INSTALLED,
    table: Some("deploymentstagerun"),
    filtered: true,
    ..ROWS
};
