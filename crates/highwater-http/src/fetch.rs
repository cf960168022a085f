//! Fetch: attempts until there is an answer, or until nobody would go on.
//!
//! Guarantees that every attempt passes the guard, the budget and the limiter, in this order, before a token is asked
//! for and anything is sent; and that the number of attempts and the time between them are bounded.

use std::time::Duration;

use highwater_auth::Token;
use tracing::Instrument as _;

use crate::asked::{Asked, foreign};
use crate::body::Broken;
use crate::client::Inner;
use crate::fault;
use crate::judge::{self, Verdict, judge};
use crate::limiter::{Pass, TooLong};
use crate::live::Answer;
use crate::next::Continuation;
use crate::observer::Event;
use crate::told::{self, Told};
use crate::{Failure, Read};

/// A good answer.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) answer: Answer,
    pub(crate) found: Continuation,
}

/// What has been tried for one page.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    pub(crate) attempts: u32,
    throttled: u32,
    garbled: u32,
    redirects: u32,
    refreshed: bool,
    waited: Duration,
    pub(crate) status: Option<u16>,
}

/// One attempt: what came of it, and what it went with.
struct Attempt {
    result: Result<Answer, Broken>,
    pass: Option<Pass>,
    token: Option<Token>,
}

/// What an attempt leads to.
pub(crate) enum Step {
    Done(Fetched),
    /// Another attempt after a wait of its own; none where the limiter does the waiting.
    Again(Duration),
}

impl Inner {
    /// Sends `asked`, which the vendor counts as `cost` requests, until there is a good answer.
    pub(crate) async fn fetch(
        &self,
        read: &Read,
        mut asked: Asked,
        cost: usize,
    ) -> Result<Fetched, Failure> {
        let mut tries = Tries::default();
        loop {
            asked.guard(read, &self.hosts)?;
            tries.attempts += 1;
            let attempt = self.attempt(read, &asked, cost, &tries).await?;
            match self.step(read, &mut asked, &mut tries, attempt).await? {
                Step::Done(fetched) => return Ok(fetched),
                Step::Again(wait) => self.pause(read, wait).await,
            }
        }
    }

    pub(crate) async fn pause(&self, read: &Read, wait: Duration) {
        if !wait.is_zero() && !self.is_replay() {
            self.counters.waited(read.service, wait);
            self.clock.sleep(wait).await;
        }
    }

    async fn attempt(
        &self,
        read: &Read,
        asked: &Asked,
        cost: usize,
        tries: &Tries,
    ) -> Result<Attempt, Failure> {
        let (host, path) = (asked.url.host_str().unwrap_or_default(), asked.url.path());
        let span = tracing::debug_span!(
            "read",
            service = read.service,
            host,
            path,
            attempt = tries.attempts
        );
        self.attempt_inside(read, asked, cost, tries).instrument(span).await
    }

    async fn attempt_inside(
        &self,
        read: &Read,
        asked: &Asked,
        cost: usize,
        tries: &Tries,
    ) -> Result<Attempt, Failure> {
        if let Some(replay) = self.replay() {
            let result = replay.answer(asked)?;
            self.counted(read, asked, tries.attempts);
            return Ok(Attempt { result, pass: None, token: None });
        }
        let counted = u64::try_from(cost).unwrap_or(u64::MAX);
        self.purse.spend(read.service, counted)?;
        let leave = self.leave(read, asked, cost, tries).await;
        let (pass, token) = leave.inspect_err(|_| self.purse.refund(read.service, counted))?;
        self.counted(read, asked, tries.attempts);
        let result = self.exchange(read, asked, &token).await;
        Ok(Attempt { result, pass: Some(pass), token: Some(token) })
    }

    /// Leave of the limiter, and a token.
    async fn leave(
        &self,
        read: &Read,
        asked: &Asked,
        cost: usize,
        tries: &Tries,
    ) -> Result<(Pass, Token), Failure> {
        let patience = self.bounds.patience;
        let pass = self.limiter.enter(read, asked.url.path(), cost, patience).await;
        let pass = pass.map_err(|TooLong(time)| {
            let reason = format!("the service wants to be left alone for {} s", time.as_secs());
            tries.gave_up(tries.attempts - 1, reason)
        })?;
        self.counters.waited(read.service, pass.waited);
        let token = self.tokens.token(&read.audience).await;
        Ok((pass, token.map_err(|error| Failure::SignIn { reason: error.to_string() })?))
    }

    fn counted(&self, read: &Read, asked: &Asked, attempt: u32) {
        self.counters.count(read.service, |meter| meter.attempts += 1);
        let host = asked.url.host_str().unwrap_or_default();
        let path = asked.url.path();
        self.observer.event(&Event::Sent { service: read.service, host, path, attempt });
    }

    async fn exchange(&self, read: &Read, asked: &Asked, token: &Token) -> Result<Answer, Broken> {
        let began = self.clock.elapsed();
        let started = self.clock.now();
        let result = self.send(asked, token).await;
        let took = self.clock.elapsed().saturating_sub(began);
        self.write_down(asked, &result, started, took);
        if let Ok(answer) = &result {
            let bytes = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
            self.counters.count(read.service, |meter| meter.bytes += bytes);
            let status = answer.status;
            self.observer.event(&Event::Answered { service: read.service, status, bytes, took });
        }
        result
    }

    async fn step(
        &self,
        read: &Read,
        asked: &mut Asked,
        tries: &mut Tries,
        attempt: Attempt,
    ) -> Result<Step, Failure> {
        let answer = match attempt.result {
            Ok(answer) => answer,
            Err(Broken::TooLarge(reason)) => return Err(Failure::Unusable { reason }),
            Err(Broken::Untrusted(reason)) => return Err(tries.gave_up(tries.attempts, reason)),
            Err(Broken::Foreign(reason)) => return Err(Failure::NotFollowed { reason }),
            Err(Broken::Lost(reason)) => return self.again(read, tries, reason, None),
        };
        tries.status = Some(answer.status);
        let now = self.clock.now();
        let told = told::read(&answer.headers, now);
        let verdict = judge(&answer, &told, asked.wants_json(), now);
        self.learn(read, tries, &verdict, &told, attempt.pass.as_ref());
        match verdict {
            Verdict::Good(found) => Ok(Step::Done(Fetched { answer, found })),
            Verdict::Final(failure) => Err(failure),
            Verdict::Moved(to) => self.moved(read, asked, tries, &to),
            Verdict::Unauthorised => self.refresh(read, tries, &answer, attempt.token).await,
            Verdict::Throttled(wait) => {
                self.throttled(read, tries, &answer, wait.unwrap_or_default())
            }
            Verdict::Later(reason, wait) => self.again(read, tries, reason, wait),
            Verdict::Garbled(reason) => self.garbled(read, tries, reason),
        }
    }

    /// Tells the limiter what the answer says of the limits.
    fn learn(
        &self,
        read: &Read,
        tries: &Tries,
        verdict: &Verdict,
        told: &Told,
        pass: Option<&Pass>,
    ) {
        let Some(pass) = pass else { return };
        let now = self.clock.elapsed();
        match verdict {
            Verdict::Throttled(wait) => {
                self.counters.count(read.service, |meter| meter.throttled += 1);
                pass.throttled(now, self.hold(tries, *wait));
            }
            // A service that is broken says nothing of limits that could be trusted.
            Verdict::Later(..) => {}
            _ => pass.answered(now, told),
        }
    }

    /// How long everybody waits after a 429.
    pub(crate) fn hold(&self, tries: &Tries, wait: Option<Duration>) -> Duration {
        let told = wait.filter(|wait| !wait.is_zero());
        told.unwrap_or_else(|| self.bounds.jittered(tries.attempts + 1, self.clock.chance()))
    }

    /// The limiter holds everybody back; here only the attempts are counted.
    pub(crate) fn throttled(
        &self,
        read: &Read,
        tries: &mut Tries,
        answer: &Answer,
        wait: Duration,
    ) -> Result<Step, Failure> {
        let reason = judge::sentence(answer);
        tries.throttled += 1;
        self.bound(tries, &reason, wait)?;
        self.retrying(read, tries, &reason, wait);
        Ok(Step::Again(Duration::ZERO))
    }

    /// An answer that is not what was asked for is worth few attempts.
    pub(crate) fn garbled(
        &self,
        read: &Read,
        tries: &mut Tries,
        reason: String,
    ) -> Result<Step, Failure> {
        tries.garbled += 1;
        if tries.garbled >= self.bounds.unusable {
            return Err(Failure::Unusable { reason });
        }
        self.again(read, tries, reason, None)
    }

    pub(crate) fn again(
        &self,
        read: &Read,
        tries: &mut Tries,
        reason: String,
        wait: Option<Duration>,
    ) -> Result<Step, Failure> {
        let wait = self.hold(tries, wait);
        self.bound(tries, &reason, wait)?;
        self.retrying(read, tries, &reason, wait);
        Ok(Step::Again(wait))
    }

    /// Gives up when attempts or patience are at their end.
    fn bound(&self, tries: &mut Tries, reason: &str, wait: Duration) -> Result<(), Failure> {
        tries.waited += wait;
        let failed = tries.attempts - tries.throttled;
        let is_last = failed >= self.bounds.attempts || tries.throttled >= self.bounds.throttled;
        if is_last || tries.waited > self.bounds.patience {
            return Err(tries.gave_up(tries.attempts, reason.to_owned()));
        }
        Ok(())
    }

    fn retrying(&self, read: &Read, tries: &Tries, reason: &str, time: Duration) {
        let (service, attempt) = (read.service, tries.attempts);
        self.observer.event(&Event::Retrying { service, attempt, reason, time });
        tracing::debug!(service, attempt, reason, "trying again");
    }

    /// Follows a redirect of a GET inside the hosts of the audience; the guard looks at the new address.
    fn moved(
        &self,
        read: &Read,
        asked: &mut Asked,
        tries: &mut Tries,
        to: &str,
    ) -> Result<Step, Failure> {
        let not_followed = |reason: &str| Err(Failure::NotFollowed { reason: reason.to_owned() });
        let Ok(url) = asked.url.join(to) else {
            return not_followed("the redirect names no address");
        };
        if !self.hosts.allows(&read.audience, &url) {
            return Err(foreign(&url));
        }
        if asked.verb != http::Method::GET {
            return not_followed("a redirect of a POST");
        }
        tries.redirects += 1;
        if tries.redirects > self.bounds.redirects {
            return not_followed("too many redirects");
        }
        asked.url = url;
        tries.attempts -= 1;
        Ok(Step::Again(Duration::ZERO))
    }

    /// Says that the token was refused, so that the next attempt gets another one; a second time is the last.
    async fn refresh(
        &self,
        read: &Read,
        tries: &mut Tries,
        answer: &Answer,
        token: Option<Token>,
    ) -> Result<Step, Failure> {
        if tries.refreshed {
            return Err(judge::refused(answer));
        }
        tries.refreshed = true;
        let Some(token) = token else { return Ok(Step::Again(Duration::ZERO)) };
        let challenge = answer.header("www-authenticate");
        if let Err(error) = self.tokens.refused(&read.audience, &token, challenge).await {
            return Err(judge::beyond_help(answer, error.to_string()));
        }
        self.retrying(read, tries, &fault::status(answer.status), Duration::ZERO);
        tries.attempts -= 1;
        Ok(Step::Again(Duration::ZERO))
    }
}

impl Tries {
    const fn gave_up(&self, attempts: u32, reason: String) -> Failure {
        Failure::GaveUp { attempts, status: self.status, reason }
    }
}
