//! Say: what a person or the index says of an answer, held against its content.
//!
//! A contradiction is an error with both sides in it, never a choice between them. Where nobody says
//! anything, content alone decides; what it leaves open is not guessed.

use highwater_snapshot::{Json, Time, Value};

use crate::envelope::Envelope;
use crate::hosts::Hosts;
use crate::index::{Exchange, INDEX};
use crate::kinds::{self, About, Class, Hand, Source};
use crate::odata::Context;
use crate::report::Outcome;
use crate::sniff::{self, Sniffed};
use crate::survey::Stated;
use crate::values::repeated_key;
use crate::{Error, place};

/// What the index or `--as` says of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Say {
    pub(crate) source: &'static Source,
    pub(crate) environment: Option<String>,
    pub(crate) parent: Option<String>,
    /// When it was read, where that is before the moment of the whole.
    pub(crate) observed_at: Option<Time>,
}

impl Say {
    /// What the index says of a file.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        Self {
            source: exchange.source,
            environment: exchange.environment.clone(),
            parent: exchange.parent.clone(),
            observed_at: exchange.observed_at,
        }
    }

    /// What `--as` says.
    pub(crate) fn stated(stated: &Stated) -> Self {
        let environment = stated.source.about == About::Environment;
        Self {
            source: stated.source,
            environment: stated.scope.clone().filter(|_| environment),
            parent: stated.scope.clone().filter(|_| !environment),
            observed_at: None,
        }
    }

    /// The scope of the request, as claims count it.
    pub(crate) fn scope(&self) -> String {
        kinds::scope(self.source, self.environment.as_deref(), self.parent.as_deref())
    }

    /// Compares what was said with the address that answered and with the first and last record.
    pub(crate) fn check(
        &self,
        file: &str,
        envelope: &Envelope<'_>,
        context: Option<&Context>,
        hosts: &Hosts,
    ) -> Result<(), Error> {
        let contradiction = |stated: String, found: String| Error::Contradiction {
            file: file.into(),
            stated,
            found,
        };
        let answered = context.filter(|context| context.dataverse);
        let answered = answered.and_then(|context| hosts.environment(&context.host));
        if let (Some(said), Some(told)) = (&self.environment, answered)
            && said != told
        {
            return Err(contradiction(
                format!("environment {said}"),
                format!("of environment {told}"),
            ));
        }
        for record in [envelope.records.first(), envelope.records.last()].into_iter().flatten() {
            if let Some((stated, found)) = self.contradicted(record, envelope, context) {
                return Err(contradiction(stated, found));
            }
        }
        Ok(())
    }

    /// What a record contradicts, and with what.
    fn contradicted(
        &self,
        record: &Value<'_>,
        envelope: &Envelope<'_>,
        context: Option<&Context>,
    ) -> Option<(String, String)> {
        let Sniffed::Is(class) = sniffed(record, envelope, context) else { return None };
        let stated = self.source.id;
        let other = class.unused.is_some() && is_broad(stated);
        if !class.leads_to(stated) && class.what != stated && !other {
            return Some((stated.into(), class.what.into()));
        }
        let (said, told) = match self.source.about {
            About::Environment => {
                (self.environment.as_deref()?, place::environment(Json::new(record))?.into_owned())
            }
            About::Asset | About::Parent => {
                (self.parent.as_deref()?, place::parent(stated, Json::new(record))?)
            }
            _ => return None,
        };
        (said != told).then(|| (format!("of {said}"), format!("of {told}")))
    }
}

/// The class of a record, or what is wrong with it.
pub(crate) fn classify(
    record: &Value<'_>,
    envelope: &Envelope<'_>,
    context: Option<&Context>,
    say: Option<&Say>,
) -> Result<Class, Outcome> {
    if !kinds::is_record(record) {
        return Err(Outcome::NotRecognised("its members are no objects".into()));
    }
    if !envelope.unique
        && let Some(key) = repeated_key(record)
    {
        let key: String = key.chars().take(40).collect();
        return Err(Outcome::Failed(format!("the key `{key}` stands twice in one object")));
    }
    let sniffed = sniffed(record, envelope, context);
    if let Some(say) = say {
        return Ok(match sniffed {
            Sniffed::Is(class) if class.unused.is_some() && !is_open(say.source.id) => class,
            Sniffed::Is(class) if class.leads_to(say.source.id) => {
                kinds::stated_as(say.source, Some(class)).hand(class.hand)
            }
            _ => kinds::stated_as(say.source, None),
        });
    }
    match sniffed {
        Sniffed::Is(class) => Ok(class),
        Sniffed::Nothing(reason) => Err(Outcome::NotRecognised(reason)),
        Sniffed::Several(candidates) => Err(Outcome::Ambiguous {
            candidates: candidates.into_iter().map(ToOwned::to_owned).collect(),
            remedy: format!("say which in {INDEX}, or with --as SOURCE@SCOPE for this file alone"),
        }),
    }
}

fn sniffed(record: &Value<'_>, envelope: &Envelope<'_>, context: Option<&Context>) -> Sniffed {
    if let Some(class) = envelope.header.as_deref().copied() {
        return Sniffed::Is(match class.hand {
            Hand::Shaped(shape) => shape.class(Some(Json::new(record))),
            _ => class,
        });
    }
    if envelope.wrapper == "csv" {
        sniff::cells(record)
    } else {
        sniff::sniff(record, context, envelope.list)
    }
}

/// Sources of several requests, some of whose answers no table needs.
fn is_broad(source: &str) -> bool {
    let services = ["ado.", "arg.", "arm.", "dv.", "github.", "graph.", "ppapi."];
    services.iter().any(|service| source.starts_with(service))
}

/// Sources whose readings look into records that are not recognised as theirs.
fn is_open(source: &str) -> bool {
    ["ado.", "dv.", "github."].iter().any(|service| source.starts_with(service))
}
