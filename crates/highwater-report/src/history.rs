//! History: the levels of several scorecards of one tenant, the oldest first.
//!
//! Says where the rules changed between two of them, because a level may then have moved by itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use highwater_score::{Levels, Scorecard};
use serde::Serialize;

use crate::actions::short_title;
use crate::text::plain;
use crate::words::{counted, percent};

/// The levels over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct History {
    /// Version of this shape, 1.
    pub format: u32,
    /// Tenant id.
    pub tenant: String,
    /// One entry a scorecard, the oldest first.
    pub points: Vec<Point>,
}

/// One scorecard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Time of evaluation.
    pub evaluated_at: String,
    /// Snapshot id.
    pub snapshot: String,
    /// Digest of the rules.
    pub rulebook: String,
    /// Models and capabilities in the scorecard's order.
    pub levels: Vec<Level>,
}

/// The level of a model or capability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Level {
    /// Model id.
    pub model: String,
    /// Capability id; `null` for the model.
    pub capability: Option<String>,
    /// Title.
    pub title: String,
    /// Level.
    pub level: Levels,
    /// Decided part, in `[0, 1]`.
    pub decided: f64,
}

/// Puts scorecards of one tenant in order.
pub fn history(tenant: &str, scorecards: &[Scorecard]) -> History {
    let mut points: Vec<Point> = scorecards.iter().map(point).collect();
    points.sort_by(|a, b| (&a.evaluated_at, &a.snapshot).cmp(&(&b.evaluated_at, &b.snapshot)));
    History { format: 1, tenant: tenant.to_owned(), points }
}

fn point(scorecard: &Scorecard) -> Point {
    let mut levels = Vec::new();
    for model in &scorecard.models {
        levels.push(Level {
            model: model.id.clone(),
            capability: None,
            title: short_title(&model.title),
            level: model.level,
            decided: model.coverage.decided,
        });
        levels.extend(model.capabilities.iter().map(|capability| Level {
            model: model.id.clone(),
            capability: Some(capability.id.clone()),
            title: capability.title.clone(),
            level: capability.level,
            decided: capability.coverage.decided,
        }));
    }
    Point {
        evaluated_at: scorecard.evaluated_at.clone(),
        snapshot: scorecard.snapshot.id.clone(),
        rulebook: scorecard.rulebook.sha256.clone(),
        levels,
    }
}

/// The newest `most` points as a table: proven, and behind a dash what was still possible.
pub fn render_text(history: &History, most: usize) -> String {
    let left_out = history.points.len().saturating_sub(most);
    let points = &history.points[left_out..];
    let mut out = format!("Tenant {}\n", plain(&history.tenant));
    if left_out > 0 {
        let _ = writeln!(out, "{} not shown", counted(left_out, "earlier snapshot"));
    }
    let Some(newest) = points.last() else { return out };
    let days: Vec<&str> =
        points.iter().map(|point| point.evaluated_at.get(..10).unwrap_or_default()).collect();
    let wide = newest.levels.iter().map(|it| it.title.chars().count()).max().unwrap_or(0) + 2;
    let _ = writeln!(out, "\n{:wide$}  {}", "proven-possible", days.join("  "));
    for level in &newest.levels {
        let cells: Vec<String> =
            points.iter().map(|point| format!("{:<10}", cell(point, level))).collect();
        let indent = if level.capability.is_some() { "  " } else { "" };
        let title = format!("{indent}{}", level.title);
        let _ = writeln!(out, "{}", format!("{title:wide$}  {}", cells.join("  ")).trim_end());
        if level.capability.is_none() {
            decided(&mut out, points, level, wide);
        }
    }
    if points.iter().map(|point| &point.rulebook).collect::<BTreeSet<_>>().len() > 1 {
        out.push_str("\nThe rules changed in between: a level may have moved without any change in the tenant.\n");
    }
    out
}

pub(crate) fn find<'a>(point: &'a Point, level: &Level) -> Option<&'a Level> {
    point.levels.iter().find(|it| (&it.model, &it.capability) == (&level.model, &level.capability))
}

pub(crate) fn cell(point: &Point, level: &Level) -> String {
    find(point, level).map_or_else(
        || "not judged".to_owned(),
        |it| match it.level {
            Levels { proven, possible, .. } if proven == possible => proven.to_string(),
            Levels { proven, possible, .. } => format!("{proven}-{possible}"),
        },
    )
}

fn decided(out: &mut String, points: &[Point], level: &Level, wide: usize) {
    let cells: Vec<String> = points
        .iter()
        .map(|point| find(point, level).map_or_else(String::new, |it| percent(it.decided)))
        .map(|cell| format!("{cell:<10}"))
        .collect();
    let _ = writeln!(out, "{}", format!("{:wide$}  {}", "  decided", cells.join("  ")).trim_end());
}
