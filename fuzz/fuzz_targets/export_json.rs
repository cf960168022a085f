//! Documents of JSON: answers of APIs, Terraform states, `ConvertTo-Json`, kits, Resource Graph.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| highwater_fuzz::import(&[("export.json", text)], u64::MAX));
