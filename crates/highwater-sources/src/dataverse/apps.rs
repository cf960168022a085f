//! Model-driven apps: `appmodules`.
//!
//! Needs prvReadAppModule. Canvas apps are read from the administration service. Which tables an app uses would cost a
//! request for every app and is left out.

use super::{QUERY, ROWS, reads};
use crate::source::{Request, Reuse, Source};

pub(crate) static MODULES: Source = Source {
    id: "dv.app_modules",
    about: "model-driven apps",
    page: "https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/appmodule",
    requests: &[Request {
        path: "/api/data/v9.2/appmodules",
        query: &[(
            "$select",
            "appmoduleid,uniquename,name,createdon,modifiedon,publishedon,ismanaged,_createdby_value,_modifiedby_value",
        )],
        ..QUERY
    }],
    grant: reads("prvReadAppModule"),
    table: Some("appmodule"),
    reuse: Some(Reuse::ROWS),
    ..ROWS
};
