//! The same documents, and lines of JSON, as files so large that they are read in pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| highwater_fuzz::import(&[("export.json", text)], 0));
