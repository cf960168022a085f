//! Together: the first pages of many objects in one request, where the service takes that.
//!
//! Guarantees that objects are put together in their own order, so that the same run sends the same requests, and that
//! each part is answered by itself: one that was refused takes no other with it. What follows a first page is asked
//! alone.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::Error;
use crate::ask::due;
use crate::chain::Chain;
use crate::engine::Engine;
use crate::fill;
use crate::found::{Due, Object, Place};
use crate::keys::{chain, placed};
use crate::source::{Each, Scope, Source};
use crate::tree::of_object;

/// Objects that are put together.
const TOGETHER: usize = 20;

/// Takes objects whose first pages go together out of a list.
pub(crate) fn apart(engine: &Engine, objects: Vec<Object>) -> (Vec<Object>, Vec<Object>) {
    objects.into_iter().partition(|object| sources(engine, object).next().is_some())
}

/// Asks objects, the first pages of as many as fit at a time in one request.
pub(crate) async fn ask(engine: &Engine, objects: Vec<Object>) -> Result<(), Error> {
    for objects in objects.chunks(TOGETHER) {
        first_pages(engine, objects).await;
        stream::iter(objects)
            .map(Ok)
            .try_for_each_concurrent(TOGETHER, |object| of_object(engine, object, Place::default()))
            .await?;
    }
    Ok(())
}

/// Asks for the first pages of objects and puts them where the chains look for them.
async fn first_pages(engine: &Engine, objects: &[Object]) {
    let of = |object| sources(engine, object).map(move |source| (source, object));
    let wanted = objects.iter().flat_map(of).filter_map(|(source, object)| {
        let plan = Some(&engine.plan);
        let thorough = engine.is_thorough();
        let place = Place { object: Some(object), plan, thorough, ..Place::default() };
        let chain = Some(first(source, place)).filter(|_| due(source, &place) == Due::Ask)?;
        let digest = chain.digest();
        let request = source.requests.first().filter(|request| request.each == Each::Once)?;
        let service = request.service.unwrap_or(source.service);
        let values = placed(fill::values(&engine.plan, engine.now), source, place);
        let read = fill::read(service, request, &values, &engine.cloud).ok()?;
        (!engine.state.contains_key(&digest)).then_some((digest, read))
    });
    let (digests, reads): (Vec<u128>, Vec<_>) = wanted.unzip();
    if reads.len() > 1 {
        let answers = engine.asks.pages(&reads).await;
        engine.ahead().extend(digests.into_iter().zip(answers));
    }
}

/// The first chain of a source at a place.
fn first(source: &Source, place: Place<'_>) -> Chain {
    chain(source, 0, place, "")
}

/// Sources of an object whose first pages go together with those of others.
fn sources<'a>(
    engine: &'a Engine,
    object: &'a Object,
) -> impl Iterator<Item = &'static Source> + 'a {
    let of = |source: &&'static Source| source.together && source.scope == Scope::Each(object.kind);
    engine.sources.iter().copied().filter(of)
}
