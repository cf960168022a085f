//! Words: how states, sources, values and foreign names read in every format.
//!
//! Guarantees that text from a tenant cannot leave its place: control characters and direction marks are
//! taken out, and length is bounded. Escaping for a format is the format's own business.

use highwater_score::{FactScore, IndicatorScore, Need, Polarity, Role, Source, State};

/// Longest name that is shown, in characters.
pub(crate) const NAME: usize = 200;
/// Longest sentence that is shown, in characters.
pub(crate) const SENTENCE: usize = 1_200;

/// Text from outside on one line: nothing invisible, no direction marks, at most `most` characters.
pub fn clean(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (length, c) in text.chars().enumerate() {
        if length == most {
            // The last place goes to the sign that more was there.
            shown.pop();
            shown.push('…');
            return shown;
        }
        shown.push(if is_hidden(c) { ' ' } else { c });
    }
    shown
}

/// A name from outside.
pub(crate) fn name(text: &str) -> String {
    clean(text, NAME)
}

/// A sentence from outside.
pub(crate) fn sentence(text: &str) -> String {
    clean(text, SENTENCE)
}

/// Characters that draw nothing, or that move what stands around them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}' | '\u{200c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A state in one or two words.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Met => "met",
        State::Partly => "partly",
        State::NotMet => "not met",
        State::Holds => "still holds",
        State::Refuted => "overcome",
        State::Unknown => "unknown",
        State::NotApplicable => "not applicable",
    }
}

/// Where a result comes from.
pub(crate) const fn source(source: Source) -> &'static str {
    match source {
        Source::Telemetry => "evidence of the tenant",
        Source::Attested => "a statement",
        Source::Proxy => "a hint in the evidence",
        Source::Implied => "another indicator that includes it",
        Source::Substituted => "a statement in place of evidence",
        Source::None => "nothing yet",
    }
}

/// What an indicator does to its level.
pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Gate => "gate",
        Role::Core => "core",
        Role::Supporting => "supporting",
        Role::Cap => "limitation",
        Role::RollUp => "heading",
    }
}

/// Whether a state leaves nothing to do.
pub(crate) const fn is_done(state: State) -> bool {
    matches!(state, State::Met | State::Refuted | State::NotApplicable)
}

/// A share of one in whole percent; never 0 or 100 for something between.
pub(crate) fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    if share > 0.0 && rounded < 1.0 {
        "under 1 %".to_owned()
    } else if share < 1.0 && rounded > 99.0 {
        "over 99 %".to_owned()
    } else {
        format!("{rounded} %")
    }
}

/// Parts of one whole in whole percent that add up as the parts do: what rounding leaves over goes to the
/// largest remainders. A part that is there is at least 1.
pub(crate) fn percent_parts<const N: usize>(shares: [f64; N]) -> [u32; N] {
    let hundredths = shares.map(|share| share.clamp(0.0, 1.0) * 100.0);
    let whole = hundredths.iter().sum::<f64>().round();
    let mut parts = hundredths.map(|it| if it > 0.0 { it.floor().max(1.0) } else { 0.0 });
    let mut order: [usize; N] = std::array::from_fn(|at| at);
    while parts.iter().sum::<f64>() != whole {
        let missing = whole - parts.iter().sum::<f64>();
        let lacks = |at: usize| match parts[at] {
            part if missing > 0.0 || part > 1.0 => (hundredths[at] - part) * missing.signum(),
            part if part > 0.0 => hundredths[at] - 1_000.0,
            _ => f64::NEG_INFINITY,
        };
        order.sort_by(|&a, &b| lacks(b).total_cmp(&lacks(a)).then(a.cmp(&b)));
        parts[order[0]] += missing.signum();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    parts.map(|part| part as u32)
}

/// A range of shares.
pub(crate) fn percents([lo, hi]: [f64; 2]) -> String {
    if lo >= hi { percent(lo) } else { format!("{} to {}", percent(lo), percent(hi)) }
}

/// The value of a fact as people say it.
pub(crate) fn value(fact: &FactScore) -> String {
    if fact.empty {
        return "no subjects".to_owned();
    }
    let Some((lo, hi)) = fact.value else { return "not observed".to_owned() };
    match fact.kind.as_deref() {
        Some("share") => percents([lo, hi.unwrap_or(1.0)]),
        Some("flag") if hi == Some(0.0) => "no".to_owned(),
        Some("flag") if lo > 0.0 => "yes".to_owned(),
        Some("flag") => "yes or no".to_owned(),
        _ => match hi {
            Some(hi) if hi > lo => format!("{} to {}", number(lo), number(hi)),
            Some(_) => number(lo),
            None => format!("at least {}", number(lo)),
        },
    }
}

/// A number with thousands apart and at most two decimals.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    let sign = if value < 0.0 { "-" } else { "" };
    let dot = if part.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{part}", grouped(whole))
}

/// A count with thousands apart.
pub(crate) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `1 indicator`, `2 indicators`.
pub fn counted(value: usize, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{value} {noun}{plural}")
}

/// What would settle or improve an indicator, as a sentence.
pub(crate) fn need(need: &Need) -> String {
    match need {
        Need::Collect { facts, tables } if tables.is_empty() => {
            format!("Collect the evidence behind {}.", facts.join(", "))
        }
        Need::Collect { facts, tables } => {
            format!("Collect {} (for {}).", tables.join(", "), facts.join(", "))
        }
        Need::Attest => "State it: a person answers, with date and evidence.".to_owned(),
        Need::Sample { fact, minimum } => {
            format!("Too few to judge: {fact} must reach {}.", number(*minimum))
        }
        Need::Fix { facts, statement: false } => format!("Improve {}.", facts.join(", ")),
        Need::Fix { facts, statement: true } => {
            format!("Improve {}; a statement has to go with it.", facts.join(", "))
        }
    }
}

/// The score of an indicator in words.
pub(crate) fn score(indicator: &IndicatorScore) -> String {
    if indicator.state == State::NotApplicable {
        return "there is nothing that it could be about".to_owned();
    }
    let range = percents(indicator.interval);
    let range = match indicator.polarity {
        Polarity::Achievement => range,
        Polarity::Limitation => format!("the limitation is {range} true"),
    };
    if indicator.interval[0] >= indicator.interval[1] {
        range
    } else {
        format!("{range}, best guess {}", percent(indicator.estimate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_whole_add_up() {
        assert_eq!(percent_parts([0.5555, 0.2556, 0.0994, 0.0895]), [55, 26, 10, 9]);
        assert_eq!(percent_parts([1.0, 0.0, 0.0]), [100, 0, 0]);
        assert_eq!(percent_parts([0.994, 0.004, 0.002]), [98, 1, 1]);
        assert_eq!(percent_parts([0.001, 0.001, 0.0]), [0, 0, 0]);
        for of in 1..40_u32 {
            let third = |part: u32| f64::from(part % of) / f64::from(3 * of);
            let shares = [third(7), third(13), 1.0 - third(7) - third(13)];
            assert_eq!(percent_parts(shares).iter().sum::<u32>(), 100, "{shares:?}");
        }
    }

    #[test]
    fn names_stay_in_their_place() {
        assert_eq!(clean("a\u{202e}b\u{2066}c\nd\u{feff}", 50), "a b c d ");
        assert_eq!(clean("🏭 naïve 工場", 50), "🏭 naïve 工場");
        let long = clean(&"x".repeat(10_000), NAME);
        assert_eq!((long.chars().count(), long.chars().last()), (NAME, Some('…')));
        assert_eq!(clean("abc", 3), "abc");
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(
            [0.0, 0.001, 0.5, 0.998, 1.0].map(percent),
            ["0 %", "under 1 %", "50 %", "over 99 %", "100 %"]
        );
        assert_eq!(percents([0.2, 0.4]), "20 % to 40 %");
    }

    #[test]
    fn numbers_are_grouped_and_short() {
        assert_eq!(
            [0.0, 3.25, 1_234_567.0, -0.5].map(number),
            ["0", "3.25", "1\u{202f}234\u{202f}567", "-0.5"]
        );
    }
}
