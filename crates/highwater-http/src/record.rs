//! Recorder: exchanges are written into a HAR file as they happen.

use std::time::{Duration, SystemTime};

use crate::asked::Asked;
use crate::body::Broken;
use crate::live::Answer;

/// A recording that is being written.
#[derive(Debug)]
pub struct Recorder {}

impl Recorder {
    pub(crate) fn write(
        &self,
        _asked: &Asked,
        _result: &Result<Answer, Broken>,
        _started: SystemTime,
        _took: Duration,
    ) {
    }
}
