//! Replay: answers come from a recording alone.

use crate::Failure;
use crate::asked::Asked;
use crate::body::Broken;
use crate::live::Answer;

/// A recording that is being replayed.
#[derive(Debug)]
pub struct Replay {}

impl Replay {
    pub(crate) fn answer(&self, asked: &Asked) -> Result<Result<Answer, Broken>, Failure> {
        Err(Failure::NotRecorded { request: format!("{} {}", asked.verb, asked.url.path()) })
    }
}
