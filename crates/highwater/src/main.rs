//! `highwater`: reads the evidence of a Power Platform tenant and infers its maturity.
//!
//! Owns arguments, configuration, wiring and exit codes. Clock, environment and randomness enter here and
//! nowhere else. Judges nothing itself.

mod args;
mod color;
mod commands;
mod config;
mod connect;
mod evaluate;
mod exit;
mod output;
mod place;
mod progress;
mod sheet;
mod sign;
mod testimony;
mod worth;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::usage(&error),
    };
    output::start_logging(&args.global);
    match commands::run(args) {
        Ok(done) => done,
        Err(error) => exit::report(&error),
    }
}
