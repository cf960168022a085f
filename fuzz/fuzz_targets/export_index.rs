//! A folder that a collection left: the index first, then one answer, cut from the input.
#![no_main]

use highwater_fuzz::{import, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let parts = parts(input);
    let [(_, index), (_, answer), ..] = parts[..] else { return };
    import(&[("highwater-index.json", index), ("answer.json", answer)], u64::MAX);
});
