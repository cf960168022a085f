//! Facts: yes/no questions asked of every subject in a snapshot, as portable SQL.
//!
//! Owns the fact texts' shape ([`FactBook`]), the tables they are asked of ([`Evidence`]), their
//! execution ([`answer_all`]) and the [`Answer`] each one gives. Holds no threshold and no judgement:
//! whether an answer is good or bad is the business of `highwater-score`.

mod answer;
mod book;
mod check;
mod coverage;
mod docs;
mod embedded;
mod error;
mod evidence;
mod gaps;
mod interval;
mod lint;
mod lint_expr;
mod moved;
mod run;
mod session;
mod subjects;
mod text;

pub use answer::{Answer, Interval, Kind};
pub use book::{Collectable, Fact, FactBook, Scope, View, WhenOpen};
pub use docs::facts_markdown;
pub use error::Error;
pub use evidence::Evidence;
pub use lint::{Breach, RULES, Rule, lint};
pub use moved::{MovedGroup, Way, moved_each};
pub use run::{answer_all, answer_some, answers, query};
pub use session::Session;
pub use subjects::{Hit, Subject, Subjects, subjects, subjects_each};
