//! Cloud flow definitions in every envelope.
#![no_main]

use highwater_definitions::cloud_flows;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| {
    for flow in cloud_flows(document).unwrap_or_default() {
        let it = flow.features;
        assert_eq!(it.container_count + it.leaf_action_count, it.action_count);
        assert!(it.swallowed_handler_count <= it.catch_handler_count);
        assert!(it.max_depth <= u64::from(highwater_definitions::limits::MAX_DEPTH));
    }
});
