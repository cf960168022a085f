//! Archives of exports: bytes as they are, or files cut from the input and put into an archive that is whole.
#![no_main]

use highwater_fuzz::{import, parts, zipped};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    match std::str::from_utf8(input) {
        Ok(text) if text.starts_with("=== ") => {
            import(&[("exports.zip", &zipped(&parts(text)))], u64::MAX);
        }
        _ => import(&[("exports.zip", input)], u64::MAX),
    }
});
