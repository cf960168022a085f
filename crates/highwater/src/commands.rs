//! Commands: one file a verb; this one only chooses.

mod attest;
mod bundle;
mod collect;
mod collected;
mod definitions;
mod diff;
mod doctor;
mod dossier;
mod earlier;
mod explain;
mod history;
mod import;
mod pack;
mod plan;
mod registries;
mod report;
mod run;
mod score;
mod sign;
mod simulate;
mod sql;
mod statements;
mod status;
mod verify;

use std::process::ExitCode;

use clap::CommandFactory;

pub(crate) use collect::now;
pub(crate) use import::Cleanup;

use crate::args::{Args, Verb};
use crate::config::Config;
use crate::exit::usage_error;
use crate::output;

/// Runs the verb.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let global = &args.global;
    match args.verb {
        Verb::Demo(verb) => simulate::demo(global, &verb),
        Verb::Collect(verb) => collect::run(global, &Config::load(global)?, &verb),
        Verb::Run(verb) => run::run(global, &Config::load(global)?, *verb),
        Verb::Status(verb) => status::run(&Config::load(global)?, &verb),
        Verb::Doctor(verb) => doctor::run(global, &Config::load(global)?, &verb),
        Verb::Simulate(verb) => simulate::simulate(global, &verb),
        Verb::Import(verb) => import::run(global, &Config::load(global)?, verb),
        Verb::Score(verb) => score::run(global, &Config::load(global)?, &verb),
        Verb::Report(verb) => report::run(global, &Config::load(global)?, &verb),
        Verb::Diff(verb) => diff::run(global, &Config::load(global)?, &verb),
        Verb::History(verb) => history::run(global, &Config::load(global)?, &verb),
        Verb::Plan(verb) => plan::run(global, &Config::load(global)?, &verb),
        Verb::Explain(verb) => explain::run(global, &Config::load(global)?, &verb),
        Verb::Sql(verb) => sql::run(global, &Config::load(global)?, &verb),
        Verb::Sources(verb) => registries::sources(&verb),
        Verb::Tables(verb) => registries::tables(&verb),
        Verb::Facts(verb) => registries::facts(global, &verb),
        Verb::Indicators(verb) => registries::indicators(global, &verb),
        Verb::Attest { verb } => attest::run(global, &verb),
        Verb::Verify(verb) => verify::run(global, &Config::load(global)?, &verb),
        Verb::Pack(verb) => pack::run(global, &Config::load(global)?, &verb),
        Verb::Definitions(verb) => definitions::run(&verb),
        Verb::Schema => print(&highwater_score::schema()?),
        Verb::Completions { shell } => completions(shell),
        Verb::Man { dir } => man(&dir),
    }
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    output::write(text)?;
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "highwater", &mut text);
    print(&String::from_utf8(text)?)
}

fn man(dir: &std::path::Path) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(dir)
        .map_err(|error| usage_error(format!("cannot create {}: {error}", dir.display())))?;
    clap_mangen::generate_to(Args::command(), dir)
        .map_err(|error| usage_error(format!("cannot write to {}: {error}", dir.display())))?;
    Ok(ExitCode::SUCCESS)
}
