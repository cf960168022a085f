//! Statements of people about indicators: `attestations.toml`.
//!
//! Reading is strict, because a statement moves a level: an unknown key or id, an answer without name
//! and date, or two statements that exclude one another, and nothing is scored. A statement counts from
//! its date until its expiry; without a link as evidence it counts as *largely* at most.
//! Deliberately absent: what a statement does to an indicator (see `indicator.rs`).

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::error::Error;
use crate::rulebook::Rulebook;

mod read;

/// The greatest score of a statement without a link as evidence, or in place of missing telemetry.
pub(crate) const UNSUPPORTED: f64 = 0.67;

/// The statements of a file, in file order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attestations {
    /// The statements.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Indicators that it speaks of.
    pub indicators: Vec<String>,
    /// To what degree the indicator's sentence holds. For a limitation a high answer is bad news.
    pub answer: Reply,
    /// Who states it.
    pub by: String,
    /// When.
    pub on: Date,
    /// First day on which it no longer counts; `None` leaves it to the indicator.
    pub expires: Option<Date>,
    /// Links or names of documents.
    pub evidence: Vec<String>,
    /// Remark.
    pub note: Option<String>,
}

/// The four answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    /// Not at all: 0.
    Not,
    /// Partly: 0.33.
    Partly,
    /// Largely: 0.67.
    Largely,
    /// Fully: 1.
    Fully,
}

impl Reply {
    /// All answers, least first.
    pub const ALL: [Self; 4] = [Self::Not, Self::Partly, Self::Largely, Self::Fully];

    /// The score, before any cap.
    pub const fn score(self) -> f64 {
        match self {
            Self::Not => 0.0,
            Self::Partly => 0.33,
            Self::Largely => UNSUPPORTED,
            Self::Fully => 1.0,
        }
    }

    /// The word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Not => "not",
            Self::Partly => "partly",
            Self::Largely => "largely",
            Self::Fully => "fully",
        }
    }
}

/// What became of a statement about one indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// It counts.
    Live,
    /// Its time is over.
    Expired,
    /// It was made after the time of evaluation.
    NotYet,
    /// A later statement about the same indicator counts.
    Superseded,
}

impl Fate {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Superseded => "superseded",
        }
    }
}

impl Attestations {
    /// Reads a file's text; `file` names it in messages.
    ///
    /// # Errors
    /// [`Error::Attestations`] with every mistake, its line and what to do.
    pub fn read(file: &str, text: &str, rulebook: &Rulebook) -> Result<Self, Error> {
        read::read(file, text, rulebook).map_err(Error::Attestations)
    }

    /// The statement that counts for each indicator on a day: of several, the one made last. Statements
    /// of one day say the same (the reader sees to that), so which of them is named follows their wording.
    pub fn live(&self, rulebook: &Rulebook, day: Date) -> BTreeMap<&str, &Statement> {
        let mut live: BTreeMap<&str, &Statement> = BTreeMap::new();
        for (statement, id) in
            self.statements.iter().flat_map(|s| s.indicators.iter().map(move |id| (s, id.as_str())))
        {
            if statement.on <= day
                && day < statement.expiry(id, rulebook)
                && live.get(id).is_none_or(|l| l.rank() < statement.rank())
            {
                live.insert(id, statement);
            }
        }
        live
    }

    /// What became of each statement for each of its indicators, in file order.
    pub(crate) fn fates(&self, rulebook: &Rulebook, day: Date) -> Vec<(&Statement, &str, Fate)> {
        let live = self.live(rulebook, day);
        let each = self
            .statements
            .iter()
            .flat_map(|s| s.indicators.iter().map(move |id| (s, id.as_str())));
        each.map(|(statement, id)| {
            let fate = if statement.on > day {
                Fate::NotYet
            } else if day >= statement.expiry(id, rulebook) {
                Fate::Expired
            } else if live.get(id).is_some_and(|other| other.on > statement.on) {
                Fate::Superseded
            } else {
                Fate::Live
            };
            (statement, id, fate)
        })
        .collect()
    }
}

impl Statement {
    /// The first day on which it no longer counts for the indicator.
    pub fn expiry(&self, indicator: &str, rulebook: &Rulebook) -> Date {
        let days = rulebook.indicator(indicator).map_or(0, |indicator| indicator.statement_days);
        self.expires.unwrap_or_else(|| self.on.saturating_add(i64::from(days).days()))
    }

    /// Later statements rank higher; the rest only makes the order total.
    fn rank(&self) -> (Date, &str, &[String], Option<&String>) {
        (self.on, &self.by, &self.evidence, self.note.as_ref())
    }

    /// Whether a link was given as evidence.
    pub fn has_link(&self) -> bool {
        self.evidence.iter().any(|text| text.contains("://"))
    }

    /// The score that counts: capped where no link was given.
    pub fn score(&self) -> f64 {
        let score = self.answer.score();
        if self.has_link() { score } else { score.min(UNSUPPORTED) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::Pins;

    fn rulebook() -> Rulebook {
        Rulebook::shipped(&Pins::new()).unwrap()
    }

    fn read(text: &str) -> Result<Attestations, Error> {
        Attestations::read("attestations.toml", text, &rulebook())
    }

    fn mistakes(text: &str) -> Vec<String> {
        match read(text).unwrap_err() {
            Error::Attestations(problems) => problems.iter().map(ToString::to_string).collect(),
            other => panic!("{other}"),
        }
    }

    const GOOD: &str = r#"
format = 1
[[attestation]]
indicators = ["AUT-EM-300-01", "ADO-NM-400-02"]
answer = "fully"
by = "CoE lead"
on = 2026-10-01
evidence = ["https://intranet.example/hackathon-2026-09"]
note = "monthly since March"
"#;

    #[test]
    fn reads_the_documented_form() {
        let attestations = read(GOOD).unwrap();
        let statement = &attestations.statements[0];
        assert_eq!(statement.answer, Reply::Fully);
        assert_eq!(statement.on, Date::constant(2026, 10, 1));
        assert_eq!(statement.score(), 1.0);
    }

    #[test]
    fn expiry_is_the_indicators_time_to_live_unless_given() {
        let rulebook = rulebook();
        let statement = &read(GOOD).unwrap().statements[0];
        assert_eq!(
            statement.expiry("AUT-EM-300-01", &rulebook),
            Date::constant(2027, 3, 30),
            "180 days"
        );
        assert_eq!(
            statement.expiry("AUT-EM-400-01", &rulebook),
            Date::constant(2027, 10, 1),
            "365 days"
        );
        let given = read(&GOOD.replace("note", "expires = 2026-12-24\nnote")).unwrap();
        assert_eq!(
            given.statements[0].expiry("AUT-EM-300-01", &rulebook),
            Date::constant(2026, 12, 24)
        );
    }

    #[test]
    fn counts_from_its_date_until_the_day_before_its_expiry() {
        let rulebook = rulebook();
        let attestations = read(&GOOD.replace("note", "expires = 2026-12-24\nnote")).unwrap();
        let live =
            |month, day| attestations.live(&rulebook, Date::constant(2026, month, day)).len();
        assert_eq!([live(9, 30), live(10, 1), live(12, 23), live(12, 24)], [0, 2, 2, 0]);
        let fate =
            |month, day| attestations.fates(&rulebook, Date::constant(2026, month, day))[0].2;
        assert_eq!(
            [fate(9, 30), fate(10, 1), fate(12, 24)],
            [Fate::NotYet, Fate::Live, Fate::Expired]
        );
    }

    #[test]
    fn a_later_statement_supersedes_an_earlier_one_while_it_lives() {
        let rulebook = rulebook();
        let later = "[[attestation]]\nindicators = [\"AUT-EM-300-01\"]\nanswer = \"not\"\nby = \"CoE lead\"\non = 2026-11-01\nexpires = 2026-11-15\n";
        let attestations = read(&format!("{GOOD}{later}")).unwrap();
        let answer = |day| {
            attestations.live(&rulebook, Date::constant(2026, 11, day))["AUT-EM-300-01"].answer
        };
        assert_eq!([answer(10), answer(20)], [Reply::Not, Reply::Fully]);
        assert_eq!(
            attestations.fates(&rulebook, Date::constant(2026, 11, 10))[0].2,
            Fate::Superseded
        );
    }

    #[test]
    fn without_a_link_the_score_is_capped() {
        let statement =
            read(&GOOD.replace("https://intranet.example/hackathon-2026-09", "minutes, page 3"))
                .unwrap();
        assert_eq!(statement.statements[0].score(), 0.67);
        let none =
            read(&GOOD.replace("\"https://intranet.example/hackathon-2026-09\"", "")).unwrap();
        assert_eq!(none.statements[0].score(), 0.67);
    }

    #[test]
    fn names_file_line_and_reason_of_every_mistake() {
        let text = GOOD
            .replace("AUT-EM-300-01", "AUT-EM-999-01")
            .replace("by = \"CoE lead\"\n", "")
            .replace("note", "nota");
        let found = mistakes(&text);
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].starts_with("attestations.toml:3: `by` is missing"), "{}", found[0]);
        assert!(
            found[1].starts_with("attestations.toml:4: AUT-EM-999-01 is no indicator"),
            "{}",
            found[1]
        );
        assert!(found[2].starts_with("attestations.toml:8: unknown key `nota`"), "{}", found[2]);
    }

    #[test]
    fn refuses_what_cannot_be_meant() {
        let cases = [
            (GOOD.replace("format = 1", "format = 2"), "attestations.toml:2: `format`"),
            (GOOD.replace("format = 1", ""), "attestations.toml: `format = 1` is missing"),
            (GOOD.replace("\"fully\"", "\"yes\""), "attestations.toml:5: `answer`"),
            (GOOD.replace("answer = \"fully\"\n", ""), "attestations.toml:3: `answer` is missing"),
            (GOOD.replace("on = 2026-10-01\n", ""), "attestations.toml:3: `on` is missing"),
            (
                GOOD.replace("2026-10-01", "\"2026-10-01\""),
                "attestations.toml:7: `on` must be a date",
            ),
            (
                GOOD.replace("2026-10-01", "2026-10-01T08:00:00Z"),
                "attestations.toml:7: `on` must be a date",
            ),
            (GOOD.replace("2026-10-01", "2026-02-30"), "attestations.toml:7:"),
            (GOOD.replace("CoE lead", "  "), "attestations.toml:6: `by` must not be empty"),
            (GOOD.replace("note", "expires = 2026-10-01\nnote"), "attestations.toml:9: `expires`"),
            (
                GOOD.replace("[\"AUT-EM-300-01\", \"ADO-NM-400-02\"]", "[]"),
                "attestations.toml:4: `indicators`",
            ),
            (
                GOOD.replace("ADO-NM-400-02", "AUT-EM-300-01"),
                "attestations.toml:4: AUT-EM-300-01 is named twice",
            ),
            (
                GOOD.replace("ADO-NM-400-02", "AUT-BT-300-05"),
                "attestations.toml:4: AUT-BT-300-05 is a heading",
            ),
            (
                GOOD.replace("[[attestation]]", "[[attestations]]"),
                "attestations.toml:3: unknown key `attestations`",
            ),
            (GOOD.replace("[[attestation]]", "[[attestation"), "attestations.toml:3:"),
            (
                format!("{GOOD}{}", GOOD.replace("format = 1\n", "").replace("fully", "not")),
                "attestations.toml:11: AUT-EM-300-01 has another statement",
            ),
        ];
        for (text, start) in cases {
            let found = mistakes(&text);
            assert!(found.iter().any(|line| line.starts_with(start)), "{start} in {found:#?}");
        }
    }

    #[test]
    fn an_empty_file_of_the_right_format_is_no_statement() {
        assert_eq!(read("format = 1\n").unwrap(), Attestations::default());
        assert_eq!(
            read(&format!("{GOOD}{}", GOOD.replace("format = 1\n", ""))).unwrap().statements.len(),
            2,
            "the same twice"
        );
    }
}
