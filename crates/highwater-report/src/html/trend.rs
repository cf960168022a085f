//! The trend: each model's level over the snapshots of a store, drawn and as a table.
//!
//! The drawing shows what the table says: a line for what was proven, a dashed one for what was still
//! possible, and the room between. Snapshots stand apart by their order, not by the days between them.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::overview::day;
use crate::dossier::Dossier;
use crate::history::{History, Level, Point, cell, find};
use crate::words::{self, counted, percent};

/// Size of the drawing, and the room for its labels.
const WIDE: f64 = 640.0;
const HIGH: f64 = 168.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Days that are named below the drawing, at most.
const NAMED: usize = 6;

/// Drawings and table; nothing where there are not two snapshots to compare.
pub(super) fn section(dossier: &Dossier) -> Markup {
    let Some(history) = shown(dossier) else { return html! {} };
    let Some(newest) = history.points.last() else { return html! {} };
    let models: Vec<&Level> = newest.levels.iter().filter(|it| it.capability.is_none()).collect();
    let rules: BTreeSet<&String> = history.points.iter().map(|point| &point.rulebook).collect();
    html! {
        section #trend aria-labelledby="trend-title" {
            h2 #trend-title { "Trend" }
            p {
                (counted(history.points.len(), "snapshot")) ", each judged as of its own time by the rules of today. "
                "The line is what was proven, the dashed line what was still possible."
            }
            @if rules.len() > 1 {
                p .warning { strong { "Mind: " } "the rules changed in between; a level may have moved without any change in the tenant." }
            }
            div .models { @for model in models { (drawing(history, model)) } }
            details .group {
                summary { "Every capability, as a table" }
                (table(history, newest))
            }
        }
    }
}

/// The history, where it has something to compare.
pub(super) fn shown(dossier: &Dossier) -> Option<&History> {
    dossier.history.as_ref().filter(|history| history.points.len() > 1)
}

fn drawing(history: &History, model: &Level) -> Markup {
    let levels: Vec<Option<&Level>> =
        history.points.iter().map(|point| find(point, model)).collect();
    let across: Vec<f64> = (0..levels.len()).map(|at| x(at, levels.len())).collect();
    let line = |of: fn(&Level) -> u16| -> Vec<(f64, f64)> {
        let known = across.iter().zip(&levels);
        known.filter_map(|(x, level)| level.map(|level| (*x, y(of(level))))).collect()
    };
    let proven = line(|it| it.level.proven);
    let possible = line(|it| it.level.possible);
    let room: Vec<(f64, f64)> = possible.iter().chain(proven.iter().rev()).copied().collect();
    html! {
        figure .model .drawn {
            figcaption { strong { (words::name(&model.title)) } }
            svg .trend viewBox={ "0 0 " (WIDE) " " (HIGH) } role="img" aria-label=(in_words(history, model)) {
                @for level in [100_u16, 200, 300, 400, 500] {
                    line .t-grid x1=(LEFT) x2=(WIDE) y1=(at(y(level))) y2=(at(y(level))) {}
                    text .t-level x=(LEFT - 8.0) y=(at(y(level) + 4.0)) { (level) }
                }
                polygon .t-room points=(points(&room)) {}
                polyline .t-possible points=(points(&possible)) {}
                polyline .t-proven points=(points(&proven)) {}
                @for (x, y) in &proven { circle .t-dot cx=(at(*x)) cy=(at(*y)) r="4" {} }
                @for (x, anchor, day) in days(&history.points) {
                    text class={ "t-day t-" (anchor) } x=(at(x)) y=(HIGH - 8.0) { (day) }
                }
            }
            (moved(history, model))
        }
    }
}

/// Capabilities whose proven level is another than in the first snapshot: a model's own level is that of its
/// lowest, and stands still while most of it moves.
fn moved(history: &History, model: &Level) -> Markup {
    let (Some(first), Some(last)) = (history.points.first(), history.points.last()) else {
        return html! {};
    };
    let capabilities =
        last.levels.iter().filter(|it| it.model == model.model && it.capability.is_some());
    let found: Vec<String> = capabilities
        .filter_map(|now| {
            let (before, after) = (find(first, now)?.level.proven, now.level.proven);
            (before != after).then(|| format!("{} {before} \u{2192} {after}", now.title))
        })
        .collect();
    let since = first.evaluated_at.get(..10).unwrap_or_default();
    html! {
        p .small {
            @if found.is_empty() { "No capability is proven at another level than on " (words::name(since)) "." }
            @else { "Proven since " (words::name(since)) ": " (words::sentence(&found.join(", "))) "." }
        }
    }
}

/// The place of a snapshot from left to right.
fn x(at: usize, of: usize) -> f64 {
    let step = |value: usize| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    let width = WIDE - LEFT - 16.0;
    LEFT + 8.0 + width * step(at) / step(of.saturating_sub(1).max(1))
}

/// The height of a level.
fn y(level: u16) -> f64 {
    let share = (f64::from(level.clamp(100, 500)) - 100.0) / 400.0;
    TOP + (HIGH - TOP - BOTTOM) * (1.0 - share)
}

/// A number as an attribute takes it.
fn at(value: f64) -> String {
    format!("{value:.1}")
}

fn points(places: &[(f64, f64)]) -> String {
    places.iter().map(|(x, y)| format!("{},{}", at(*x), at(*y))).collect::<Vec<_>>().join(" ")
}

/// Days to name: place, side on which the text begins, and the day. The first and the last always.
fn days(points: &[Point]) -> Vec<(f64, &'static str, String)> {
    let last = points.len().saturating_sub(1);
    let every = points.len().div_ceil(NAMED).max(1);
    let named = (0..points.len())
        .filter(|at| *at == 0 || *at == last || (at % every == 0 && at + every <= last));
    named
        .map(|at| {
            let side = if at == 0 {
                "first"
            } else if at == last {
                "last"
            } else {
                "middle"
            };
            let day = points[at].evaluated_at.get(..10).unwrap_or_default();
            (x(at, points.len()), side, words::name(day))
        })
        .collect()
}

/// What the drawing shows, for those who do not see it.
fn in_words(history: &History, model: &Level) -> String {
    let told: Vec<String> = history
        .points
        .iter()
        .filter_map(|point| {
            let level = find(point, model)?.level;
            let day = point.evaluated_at.get(..10).unwrap_or_default();
            Some(format!("{day}: {} proven, {} possible", level.proven, level.possible))
        })
        .collect();
    words::sentence(&format!("{} over time. {}.", model.title, told.join("; ")))
}

fn table(history: &History, newest: &Point) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label="Table of the trend" {
            table {
                caption .quiet { "Proven level, and behind a dash what was still possible, by snapshot" }
                thead { tr {
                    th scope="col" { "Proven–possible" }
                    @for point in &history.points { th scope="col" .date { (day(&point.evaluated_at)) } }
                } }
                tbody {
                    @for level in &newest.levels {
                        @let model = level.capability.is_none();
                        tr .limits[model] {
                            th scope="row" { @if model { strong { (words::name(&level.title)) } } @else { (words::name(&level.title)) } }
                            @for point in &history.points {
                                td .date {
                                    (words::name(&cell(point, level).replace('-', "–")))
                                    @if let Some(known) = find(point, level).filter(|_| model) {
                                        " " span .small { (percent(known.decided)) " decided" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_snapshots_stay_on_the_paper() {
        assert!(y(500) >= TOP && y(100) <= HIGH - BOTTOM && y(300) < y(200));
        assert_eq!(y(900), y(500));
        for of in [1, 2, 7, 300] {
            assert!(x(0, of) >= LEFT && x(of - 1, of) <= WIDE);
        }
    }

    #[test]
    fn few_days_are_named_and_the_ends_always() {
        let point = |day: usize| Point {
            evaluated_at: format!("2026-01-{day:02}T06:00:00Z"),
            snapshot: String::new(),
            rulebook: String::new(),
            levels: Vec::new(),
        };
        for many in 1..40 {
            let points: Vec<Point> = (1..=many).map(point).collect();
            let named = days(&points);
            assert!(named.len() <= NAMED + 1, "{many}: {}", named.len());
            assert_eq!(named[0].2, "2026-01-01");
            assert_eq!(named.last().map(|it| it.2.clone()), Some(format!("2026-01-{many:02}")));
        }
    }
}
