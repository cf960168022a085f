//! Rules in plain words, for people who ask why.
//!
//! Names of facts come from the caller, because facts are described elsewhere. Nothing here is parsed
//! back, and nothing depends on the wording.

use highwater_facts::Interval;

use crate::rule::Rule;

/// The rule in one line. `name` gives what a fact asks; without a name the fact's id stands for it.
pub fn in_words(rule: &Rule, name: &dyn Fn(&str) -> Option<String>) -> String {
    match rule {
        Rule::All(terms) => joined("all of", terms, name),
        Rule::Any(terms) => joined("one of", terms, name),
        Rule::Mean(terms) => joined("on average", terms, name),
        leaf => leaf_in_words(leaf, name),
    }
}

/// The rule as lines, each with its depth, for indented output.
pub fn outline(rule: &Rule, name: &dyn Fn(&str) -> Option<String>) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    outline_below(rule, name, 0, &mut lines);
    lines
}

fn outline_below(
    rule: &Rule,
    name: &dyn Fn(&str) -> Option<String>,
    depth: usize,
    lines: &mut Vec<(usize, String)>,
) {
    let (heading, terms) = match rule {
        Rule::All(terms) => ("all of", terms),
        Rule::Any(terms) => ("one of", terms),
        Rule::Mean(terms) => ("on average", terms),
        leaf => return lines.push((depth, leaf_in_words(leaf, name))),
    };
    lines.push((depth, format!("{heading}:")));
    for term in terms {
        outline_below(term, name, depth + 1, lines);
    }
}

fn joined(heading: &str, terms: &[Rule], name: &dyn Fn(&str) -> Option<String>) -> String {
    let parts: Vec<String> = terms
        .iter()
        .map(|term| match term {
            Rule::All(_) | Rule::Any(_) | Rule::Mean(_) => format!("({})", in_words(term, name)),
            leaf => leaf_in_words(leaf, name),
        })
        .collect();
    format!("{heading}: {}", parts.join("; "))
}

fn leaf_in_words(rule: &Rule, name: &dyn Fn(&str) -> Option<String>) -> String {
    let called = |fact: &str| {
        name(fact).map_or_else(|| fact.to_owned(), |about| lower_first(about.trim_end_matches('.')))
    };
    match rule {
        Rule::Up { fact, from, to } => {
            format!("{} rises from {} to {}", called(fact), number(*from), number(*to))
        }
        Rule::Down { fact, from, to } => {
            format!("{} falls from {} to {}", called(fact), number(*to), number(*from))
        }
        Rule::AtLeast { fact, value } => format!("{} is at least {}", called(fact), number(*value)),
        Rule::AtMost { fact, value } => format!("{} is at most {}", called(fact), number(*value)),
        Rule::Is { fact, value: true } => format!("yes to: {}", called(fact)),
        Rule::Is { fact, value: false } => format!("no to: {}", called(fact)),
        Rule::Attested => "a statement says so".to_owned(),
        Rule::Indicator(id) => format!("the result of {id}"),
        Rule::All(_) | Rule::Any(_) | Rule::Mean(_) => in_words(rule, name),
    }
}

/// A number as people write it: at most four decimals, none for a whole number.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A range as people say it.
pub(crate) fn range(Interval { lo, hi }: Interval) -> String {
    if lo >= hi {
        number(lo)
    } else if hi.is_infinite() {
        format!("at least {}", number(lo))
    } else {
        format!("between {} and {}", number(lo), number(hi))
    }
}

/// Sentences become parts of sentences; words in capitals stay as they are.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(fact: &str) -> Rule {
        Rule::Up { fact: fact.to_owned(), from: 0.5, to: 0.9 }
    }

    fn name(fact: &str) -> Option<String> {
        (fact == "dlp.env_covered_share").then(|| "Share of environments covered.".to_owned())
    }

    #[test]
    fn a_ramp_reads_as_a_sentence() {
        assert_eq!(
            in_words(&up("dlp.env_covered_share"), &name),
            "share of environments covered rises from 0.5 to 0.9"
        );
        let down = Rule::Down { fact: "apps.unused_share".to_owned(), from: 0.2, to: 0.6 };
        assert_eq!(in_words(&down, &name), "apps.unused_share falls from 0.6 to 0.2");
    }

    #[test]
    fn nested_terms_are_bracketed_and_outlined() {
        let rule = Rule::Any(vec![
            Rule::Attested,
            Rule::All(vec![up("a.b"), Rule::AtLeast { fact: "c.d".to_owned(), value: 5.0 }]),
        ]);
        assert_eq!(
            in_words(&rule, &name),
            "one of: a statement says so; (all of: a.b rises from 0.5 to 0.9; c.d is at least 5)"
        );
        let depths: Vec<usize> = outline(&rule, &name).iter().map(|(depth, _)| *depth).collect();
        assert_eq!(depths, [0, 1, 1, 2, 2]);
    }

    #[test]
    fn numbers_and_ranges_are_short() {
        assert_eq!(
            [number(2.0), number(0.25), number(1.0 / 3.0), number(10.0), number(0.0)],
            ["2", "0.25", "0.3333", "10", "0"]
        );
        assert_eq!(range(Interval { lo: 3.0, hi: f64::INFINITY }), "at least 3");
        assert_eq!(range(Interval { lo: 0.6, hi: 0.8 }), "between 0.6 and 0.8");
    }
}
