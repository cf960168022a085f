//! Moved: subjects of a fact whose answer is another one than before.
//!
//! Walks two sorted lists side by side, so that a million subjects cost one pass and no index.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::dossier::Hit;

/// Subjects that are named of each group; the rest is counted.
const NAMED: usize = 10;

/// One subject as it was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Id, unique within the fact.
    pub id: String,
    /// Name for people.
    pub label: String,
    /// The answer.
    pub hit: Hit,
}

/// Subjects of a fact whose answer changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// By way, such as `no → yes` or `yes → gone`.
    pub groups: BTreeMap<String, MovedGroup>,
}

/// Subjects that moved the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MovedGroup {
    /// How many there are.
    pub count: u64,
    /// The first of them by id.
    pub first: Vec<MovedSubject>,
}

/// One subject that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedSubject {
    /// Id.
    pub id: String,
    /// Name for people.
    pub label: String,
}

/// Compares two lists, each sorted by id.
pub fn moved_subjects(old: &[Asked], new: &[Asked]) -> Moved {
    let mut moved = Moved::default();
    let (mut at, mut to) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (at.peek(), to.peek()) {
            (None, None) => return moved,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.id.cmp(&after.id),
        };
        let before = if order == Ordering::Greater { None } else { at.next() };
        let after = if order == Ordering::Less { None } else { to.next() };
        note(&mut moved, before, after);
    }
}

fn note(moved: &mut Moved, before: Option<&Asked>, after: Option<&Asked>) {
    let hit = |asked: Option<&Asked>| asked.map(|asked| asked.hit);
    let Some(shown) = after.or(before) else { return };
    if hit(before) == hit(after) {
        return;
    }
    let way = format!("{} \u{2192} {}", word(hit(before), "new"), word(hit(after), "gone"));
    let group = moved.groups.entry(way).or_default();
    group.count += 1;
    if group.first.len() < NAMED {
        group.first.push(MovedSubject { id: shown.id.clone(), label: shown.label.clone() });
    }
}

const fn word(hit: Option<Hit>, none: &'static str) -> &'static str {
    match hit {
        Some(Hit::Yes) => "yes",
        Some(Hit::No) => "no",
        Some(Hit::Unknown) => "not told",
        None => none,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<Asked> {
        let hit = |sign| match sign {
            '+' => Hit::Yes,
            '-' => Hit::No,
            _ => Hit::Unknown,
        };
        let asked = |word: &str| Asked {
            id: word[1..].to_owned(),
            label: word[1..].to_uppercase(),
            hit: hit(word.chars().next().unwrap()),
        };
        text.split_whitespace().map(asked).collect()
    }

    fn ways(old: &str, new: &str) -> Vec<(String, u64)> {
        let moved = moved_subjects(&list(old), &list(new));
        moved.groups.into_iter().map(|(way, group)| (way, group.count)).collect()
    }

    #[test]
    fn every_way_is_told_apart() {
        assert_eq!(
            ways("+a +b -c ?d +f", "+a -b -c +d -e"),
            [("new → no", 1), ("not told → yes", 1), ("yes → gone", 1), ("yes → no", 1)]
                .map(|(way, count)| (way.to_owned(), count))
        );
        assert_eq!(ways("+a -b", "+a -b"), []);
        assert_eq!(ways("", ""), []);
    }

    #[test]
    fn long_groups_are_counted_whole_and_named_in_part() {
        let new: Vec<Asked> = (0..100)
            .map(|at| Asked { id: format!("{at:03}"), label: String::new(), hit: Hit::No })
            .collect();
        let moved = moved_subjects(&[], &new);
        let group = &moved.groups["new → no"];
        assert_eq!((group.count, group.first.len(), group.first[9].id.as_str()), (100, 10, "009"));
    }
}
