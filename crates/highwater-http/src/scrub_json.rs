//! Scrubbing of JSON.
