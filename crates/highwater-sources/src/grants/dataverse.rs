//! Needs of Dataverse, environment by environment.
//!
//! Page: <https://learn.microsoft.com/power-platform/admin/database-security>. An application needs an application user
//! in the environment; whoever reads needs a security role with these privileges at the level of the organisation.
//! Names are those of the vendor, spelt as the tables are; a name that ends in `*` stands for all that begin so. Which of them an
//! environment has depends on the solutions that are installed there.

use super::right::dataverse;
use super::{Need, both};

pub(super) const NEEDS: &[Need] = &[
    both(
        "dv.counts",
        "application user, organisation-level Read on the named tables",
        &[&[
            dataverse("prvReadWorkflow"),
            dataverse("prvReadSolution"),
            dataverse("prvReadflowmachine"),
            dataverse("prvReadflowsession"),
        ]],
    ),
    both(
        "dv.organization",
        "application user, prvReadOrganization",
        &[&[dataverse("prvReadOrganization")]],
    ),
    both(
        "dv.users",
        "prvReadUser, prvReadRole",
        &[&[dataverse("prvReadUser"), dataverse("prvReadRole")]],
    ),
    both("dv.roles", "prvReadRole", &[&[dataverse("prvReadRole")]]),
    both(
        "dv.teams",
        "prvReadTeam, prvReadRole",
        &[&[dataverse("prvReadTeam"), dataverse("prvReadRole")]],
    ),
    both("dv.workflows", "prvReadWorkflow", &[&[dataverse("prvReadWorkflow")]]),
    both("dv.flow_runs", "prvReadflowrun", &[&[dataverse("prvReadflowrun")]]),
    both("dv.sessions", "prvReadflowsession", &[&[dataverse("prvReadflowsession")]]),
    both("dv.machines", "prvReadflowmachine", &[&[dataverse("prvReadflowmachine")]]),
    both(
        "dv.machine_groups",
        "prvReadflowmachinegroup",
        &[&[dataverse("prvReadflowmachinegroup")]],
    ),
    both("dv.work_queues", "prvReadworkqueue", &[&[dataverse("prvReadworkqueue")]]),
    both(
        "dv.solutions",
        "prvReadSolution, prvReadPublisher",
        &[&[dataverse("prvReadSolution"), dataverse("prvReadPublisher")]],
    ),
    both("dv.solution_components", "prvReadSolution", &[&[dataverse("prvReadSolution")]]),
    both(
        "dv.component_layers",
        "prvReadmsdyn_componentlayer",
        &[&[dataverse("prvReadmsdyn_componentlayer")]],
    ),
    both(
        "dv.connection_references",
        "prvReadconnectionreference",
        &[&[dataverse("prvReadconnectionreference")]],
    ),
    both(
        "dv.environment_variables",
        "prvReadEnvironmentVariableDefinition, ...Value",
        &[&[
            dataverse("prvReadEnvironmentVariableDefinition"),
            dataverse("prvReadEnvironmentVariableValue"),
        ]],
    ),
    both("dv.credentials", "prvReadcredential", &[&[dataverse("prvReadcredential")]]),
    both("dv.git", "prvReadsourcecontrol*", &[&[dataverse("prvReadsourcecontrol*")]]),
    both(
        "dv.pipelines",
        "prvReaddeployment*",
        &[&[
            dataverse("prvReaddeploymentpipeline"),
            dataverse("prvReaddeploymentstage"),
            dataverse("prvReaddeploymentenvironment"),
        ]],
    ),
    both(
        "dv.pipeline_runs",
        "prvReaddeploymentstagerun",
        &[&[dataverse("prvReaddeploymentstagerun")]],
    ),
    both("dv.ai_models", "prvReadmsdyn_AIModel", &[&[dataverse("prvReadmsdyn_AIModel")]]),
    both("dv.process_mining", "prvReadmsdyn_pm*", &[&[dataverse("prvReadmsdyn_pm*")]]),
    both("dv.bots", "prvReadbot", &[&[dataverse("prvReadbot")]]),
    both(
        "dv.transcripts",
        "prvReadconversationtranscript",
        &[&[dataverse("prvReadconversationtranscript")]],
    ),
    both("dv.app_modules", "prvReadAppModule", &[&[dataverse("prvReadAppModule")]]),
    both("dv.app_dependencies", "prvReadSolution", &[&[dataverse("prvReadSolution")]]),
];
