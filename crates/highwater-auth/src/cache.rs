//! Cache: one token for each audience, asked for once however many callers there are.
//!
//! Guarantees that callers who wait for the same audience share one request and its failure; that a token is renewed
//! some minutes before its end, while it is still given out if renewing fails; and that age is measured by a clock
//! that never goes back, so that the time of day of this machine does not matter.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::{Audience, Error, Surroundings, Token, challenge};

/// A token is renewed this long before its end, or in its last quarter if it lives for less than four times that.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// A token whose renewal failed is given out until this long before its end.
const LAST_CALL: Duration = Duration::from_secs(30);
/// A fresh token that is refused within this time would not be better if it were asked for again.
const FRESH: Duration = Duration::from_secs(60);
/// Whoever asks again within this time after a refusal gets the same answer: it does not heal by itself.
const HOLD_REFUSED: Duration = Duration::from_secs(60);
/// The same where the endpoint could not be reached.
const HOLD_UNREACHABLE: Duration = Duration::from_secs(5);

/// What an identity endpoint gave: a token, and how long it lives from now on.
pub(crate) struct Issued {
    pub(crate) value: Zeroizing<String>,
    pub(crate) lifetime: Duration,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// Whoever asks an identity endpoint. Keeps no token.
#[async_trait]
pub(crate) trait Issuer: fmt::Debug + Send + Sync {
    async fn issue(&self, audience: &Audience) -> Result<Issued, Error>;
}

/// Tokens by audience.
#[derive(Debug)]
pub(crate) struct Cache {
    issuer: Arc<dyn Issuer>,
    surroundings: Arc<dyn Surroundings>,
    slots: Mutex<BTreeMap<Audience, Arc<Slot>>>,
}

/// What is known of one audience. `flight` is held by the one who asks for a token.
#[derive(Debug, Default)]
struct Slot {
    held: Mutex<Held>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug, Default)]
struct Held {
    current: Option<Current>,
    failure: Option<Failure>,
    /// The token before this one was refused.
    after_refusal: bool,
}

#[derive(Clone, Debug)]
struct Failure {
    error: Error,
    since: Duration,
}

#[derive(Clone, Debug)]
struct Current {
    token: Token,
    since: Duration,
    lifetime: Duration,
}

impl Current {
    fn left(&self, elapsed: Duration) -> Duration {
        (self.since + self.lifetime).saturating_sub(elapsed)
    }

    fn margin(&self) -> Duration {
        RENEW_BEFORE.min(self.lifetime / 4)
    }

    fn is_good(&self, elapsed: Duration) -> bool {
        self.left(elapsed) > self.margin()
    }

    fn is_usable(&self, elapsed: Duration) -> bool {
        self.left(elapsed) > LAST_CALL.min(self.lifetime / 10)
    }
}

impl Held {
    /// What can be said without asking: a good token, or that asking failed a moment ago.
    fn answer(&self, elapsed: Duration) -> Option<Result<Token, Error>> {
        if let Some(current) = self.current.as_ref().filter(|current| current.is_good(elapsed)) {
            return Some(Ok(current.token.clone()));
        }
        let failure = self.failure.as_ref().filter(|failure| failure.holds(elapsed))?;
        Some(self.usable(elapsed).ok_or_else(|| failure.error.clone()))
    }

    fn usable(&self, elapsed: Duration) -> Option<Token> {
        let current = self.current.as_ref().filter(|current| current.is_usable(elapsed))?;
        Some(current.token.clone())
    }
}

impl Failure {
    fn holds(&self, elapsed: Duration) -> bool {
        let hold = match self.error {
            Error::Unreachable { .. } => HOLD_UNREACHABLE,
            _ => HOLD_REFUSED,
        };
        elapsed.saturating_sub(self.since) < hold
    }
}

impl Cache {
    pub(crate) fn new(issuer: Arc<dyn Issuer>, surroundings: Arc<dyn Surroundings>) -> Self {
        Self { issuer, surroundings, slots: Mutex::default() }
    }

    pub(crate) async fn token(&self, audience: &Audience) -> Result<Token, Error> {
        let slot = self.slot(audience);
        let before = slot.peek();
        if let Some(answer) = before.answer(self.surroundings.elapsed()) {
            return answer;
        }
        let usable = before.usable(self.surroundings.elapsed());
        let _flight = match (usable, slot.flight.try_lock()) {
            (_, Ok(flight)) => flight,
            (Some(token), Err(_)) => return Ok(token),
            (None, Err(_)) => slot.flight.lock().await,
        };
        match slot.peek().answer(self.surroundings.elapsed()) {
            Some(answer) => answer,
            None => self.renew(audience, &slot).await,
        }
    }

    pub(crate) fn refused(
        &self,
        audience: &Audience,
        token: &Token,
        challenge: Option<&str>,
    ) -> Result<(), Error> {
        if let Some(demand) = challenge.and_then(challenge::demand) {
            return Err(Error::refused(audience, demand));
        }
        let slot = self.slot(audience);
        let elapsed = self.surroundings.elapsed();
        slot.change(|held| {
            let Some(current) = held.current.as_ref() else { return Ok(()) };
            if current.token.reveal() != token.reveal() {
                return Ok(());
            }
            if held.after_refusal && elapsed.saturating_sub(current.since) < FRESH {
                return Err(Error::refused(audience, TWICE));
            }
            *held = Held { after_refusal: true, ..Held::default() };
            Ok(())
        })
    }

    async fn renew(&self, audience: &Audience, slot: &Slot) -> Result<Token, Error> {
        let answer = self.issuer.issue(audience).await;
        let now = self.surroundings.now();
        let elapsed = self.surroundings.elapsed();
        slot.change(|held| match answer {
            Ok(issued) => {
                let token = Token::new(issued.value.to_string(), now + issued.lifetime);
                held.after_refusal &= held.current.is_none();
                held.current = Some(Current { token: token.clone(), since: elapsed, lifetime: issued.lifetime });
                held.failure = None;
                Ok(token)
            }
            Err(error) => {
                held.failure = Some(Failure { error: error.clone(), since: elapsed });
                let usable = held.usable(elapsed);
                if usable.is_some() {
                    tracing::warn!(audience = audience.as_str(), %error, "a token could not be renewed yet");
                }
                usable.ok_or(error)
            }
        })
    }

    fn slot(&self, audience: &Audience) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(audience.clone()).or_default())
    }
}

const TWICE: &str = "the service refuses a fresh token as well: it does not know this identity, or the audience is not the one it expects; `highwater doctor` shows which identity and permissions the token has";

impl Slot {
    fn peek(&self) -> Held {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change<T>(&self, with: impl FnOnce(&mut Held) -> T) -> T {
        with(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use proptest::prelude::*;

    use super::*;
    use crate::Prompt;

    /// A clock that a test moves, and an issuer that is sometimes down.
    #[derive(Debug, Default)]
    struct World {
        elapsed: Mutex<Duration>,
        down: Mutex<bool>,
        given: Mutex<Vec<Duration>>,
        requests: Mutex<u32>,
    }

    #[derive(Debug)]
    struct Sometimes(Arc<World>, Duration);

    #[async_trait]
    impl Surroundings for World {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + self.elapsed()
        }
        fn elapsed(&self) -> Duration {
            *self.elapsed.lock().unwrap()
        }
        async fn sleep(&self, _: Duration) {}
        fn random(&self, _: &mut [u8]) {}
        fn ask(&self, _: &Prompt) {}
    }

    #[async_trait]
    impl Issuer for Sometimes {
        async fn issue(&self, audience: &Audience) -> Result<Issued, Error> {
            *self.0.requests.lock().unwrap() += 1;
            if *self.0.down.lock().unwrap() {
                return Err(Error::unreachable(audience, "down"));
            }
            let mut given = self.0.given.lock().unwrap();
            given.push(self.0.elapsed());
            Ok(Issued { value: (given.len() - 1).to_string().into(), lifetime: self.1 })
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_given_out_has_not_ended_and_is_asked_for_when_it_must_be(
            steps in proptest::collection::vec((0_u64..900, any::<bool>()), 1..40),
            lifetime in 20_u64..4000,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let world = Arc::new(World::default());
            let lifetime = Duration::from_secs(lifetime);
            let cache = Cache::new(Arc::new(Sometimes(Arc::clone(&world), lifetime)), Arc::clone(&world) as Arc<_>);
            let audience = Audience::new("a");
            let mut failed: Option<Duration> = None;
            for (pause, down) in steps {
                *world.elapsed.lock().unwrap() += Duration::from_secs(pause);
                *world.down.lock().unwrap() = down;
                let (now, before) = (world.elapsed(), *world.requests.lock().unwrap());
                let answer = runtime.block_on(cache.token(&audience));
                let asked = *world.requests.lock().unwrap() - before;
                prop_assert!(asked <= 1);
                if asked == 1 && down {
                    failed = Some(now);
                }
                let held_back = failed.is_some_and(|at| now.saturating_sub(at) < HOLD_UNREACHABLE);
                match answer {
                    Ok(token) => {
                        let number: usize = token.reveal().parse().unwrap();
                        let ends = world.given.lock().unwrap()[number] + lifetime;
                        prop_assert!(now < ends, "{number} ended at {ends:?}, and it is {now:?}");
                        prop_assert_eq!(token.expires_at(), SystemTime::UNIX_EPOCH + ends);
                    }
                    Err(_) => prop_assert!(down || held_back),
                }
            }
        }
    }
}
