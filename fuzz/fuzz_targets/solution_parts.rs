//! The files of a solution: one input, cut at every NUL, takes the place of one file after the other.
#![no_main]

use highwater_definitions::solution_parts;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 7] = [
    "solution.xml",
    "customizations.xml",
    "environmentvariabledefinitions/a/environmentvariabledefinition.xml",
    "environmentvariabledefinitions/a/environmentvariablevalues.json",
    "bots/b/bot.xml",
    "bots/b/configuration.json",
    "Workflows/c.json",
];

fuzz_target!(|content: &[u8]| {
    let parts = NAMES.iter().zip(content.split(|byte| *byte == 0));
    let parts: Vec<(String, Vec<u8>)> =
        parts.map(|(name, part)| ((*name).to_owned(), part.to_vec())).collect();
    let _ = solution_parts(&parts);
});
