//! Sheets, read at once and in pieces: kit tables, `Export-Csv`, the portals' downloads, audit logs, training records.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    for stream_from in [u64::MAX, 0] {
        highwater_fuzz::import(&[("export.csv", text)], stream_from);
    }
});
