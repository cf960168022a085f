//! Zip archives that claim to be solutions.
#![no_main]

use highwater_definitions::solution_package;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|package: &[u8]| {
    let _ = solution_package(std::io::Cursor::new(package));
});
