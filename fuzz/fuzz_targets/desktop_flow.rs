//! Robin scripts, and the columns they are wrapped in.
#![no_main]

use highwater_definitions::{desktop_flow, desktop_script};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|script: &str| {
    let it = desktop_flow(script).features;
    assert_eq!(
        it.statement_count,
        it.action_count + it.handler_statement_count + it.disabled_count
    );
    let _ = desktop_script(Some(script), None);
    let _ = desktop_script(None, Some(script));
});
