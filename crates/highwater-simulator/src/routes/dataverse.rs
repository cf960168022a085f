//! Paths of a Dataverse organisation: the entity sets that every organisation has, and those that come with a feature.

use super::{Dialect, Route, Shape};
use crate::host::Service;

/// A set that every organisation has.
const fn set(path: &'static str) -> Route {
    Route {
        service: Service::Dataverse,
        post: false,
        path,
        parameters: &[],
        shape: Shape::List(Dialect::OData),
    }
}

/// A set that comes with a feature.
const fn feature(path: &'static str) -> Route {
    Route {
        service: Service::Dataverse,
        post: false,
        path,
        parameters: &[],
        shape: Shape::Optional(Dialect::OData),
    }
}

/// A function, which answers one document.
const fn function(path: &'static str, parameters: &'static [&'static str], shape: Shape) -> Route {
    Route { service: Service::Dataverse, post: false, path, parameters, shape }
}

pub(super) const ROUTES: &[Route] = &[
    function("/api/data/v9.2/RetrieveTotalRecordCount(EntityNames=@p)", &["@p"], Shape::Counts),
    function("/api/data/v9.2/RetrieveTotalRecordCount(EntityNames=@p1)", &["@p1"], Shape::Counts),
    function("/api/data/v9.2/WhoAmI", &[], Shape::Object),
    function("/api/data/v9.2/WhoAmI()", &[], Shape::Object),
    function(
        "/api/data/v9.2/RetrieveDependenciesForDelete(ObjectId=@p1,ComponentType=@p2)",
        &["@p1", "@p2"],
        Shape::List(Dialect::OData),
    ),
    function(
        "/api/data/v9.2/RetrieveRequiredComponents(ObjectId=@p1,ComponentType=@p2)",
        &["@p1", "@p2"],
        Shape::List(Dialect::OData),
    ),
    set("/api/data/v9.2/organizations"),
    set("/api/data/v9.2/systemusers"),
    set("/api/data/v9.2/roles"),
    set("/api/data/v9.2/teams"),
    set("/api/data/v9.2/workflows"),
    set("/api/data/v9.2/flowruns"),
    set("/api/data/v9.2/flowsessions"),
    set("/api/data/v9.2/flowmachines"),
    set("/api/data/v9.2/flowmachinegroups"),
    set("/api/data/v9.2/flowmachineimages"),
    set("/api/data/v9.2/flowmachineimageversions"),
    set("/api/data/v9.2/flowmachinenetworks"),
    set("/api/data/v9.2/workqueues"),
    set("/api/data/v9.2/workqueueitems"),
    set("/api/data/v9.2/solutions"),
    set("/api/data/v9.2/solutioncomponents"),
    set("/api/data/v9.2/msdyn_solutioncomponentsummaries"),
    set("/api/data/v9.2/msdyn_componentlayers"),
    set("/api/data/v9.2/msdyn_solutionhistories"),
    set("/api/data/v9.2/connectionreferences"),
    set("/api/data/v9.2/environmentvariabledefinitions"),
    set("/api/data/v9.2/environmentvariablevalues"),
    set("/api/data/v9.2/credentials"),
    set("/api/data/v9.2/msdyn_aimodels"),
    set("/api/data/v9.2/msdyn_aievents"),
    set("/api/data/v9.2/msdyn_aiconfigurations"),
    set("/api/data/v9.2/bots"),
    set("/api/data/v9.2/botcomponents"),
    set("/api/data/v9.2/conversationtranscripts"),
    set("/api/data/v9.2/appmodules"),
    set("/api/data/v9.2/canvasapps"),
    set("/api/data/v9.2/connectors"),
    set("/api/data/v9.2/customapis"),
    set("/api/data/v9.2/plugintracelogs"),
    set("/api/data/v9.2/EntityDefinitions"),
    feature("/api/data/v9.2/sourcecontrolconfigurations"),
    feature("/api/data/v9.2/sourcecontrolbranchconfigurations"),
    feature("/api/data/v9.2/deploymentpipelines"),
    feature("/api/data/v9.2/deploymentstages"),
    feature("/api/data/v9.2/deploymentenvironments"),
    feature("/api/data/v9.2/deploymentstageruns"),
    feature("/api/data/v9.2/deploymentartifacts"),
    feature("/api/data/v9.2/msdyn_pmprocesses"),
    feature("/api/data/v9.2/msdyn_pmrecordings"),
    feature("/api/data/v9.2/msdyn_pminferredtasks"),
    feature("/api/data/v9.2/msdyn_processminingprocesses"),
    feature("/api/data/v9.2/admin_environments"),
    feature("/api/data/v9.2/admin_apps"),
    feature("/api/data/v9.2/admin_flows"),
    feature("/api/data/v9.2/admin_makers"),
    feature("/api/data/v9.2/admin_dlppolicies"),
    feature("/api/data/v9.2/admin_rpas"),
    feature("/api/data/v9.2/admin_rpasessions"),
    feature("/api/data/v9.2/admin_pvas"),
    feature("/api/data/v9.2/admin_connectors"),
    feature("/api/data/v9.2/admin_solutions"),
    feature("/api/data/v9.2/admin_auditlogs"),
    feature("/api/data/v9.2/autocoe_automationprojects"),
    feature("/api/data/v9.2/savingsrules"),
];
