//! The portable subset: each rule refuses what it names, and every shipped text obeys all of them.

use std::collections::BTreeSet;

use highwater_facts::{FactBook, RULES, lint};

/// A rule and texts that break it, and it alone.
const REFUSED: &[(&str, &[&str])] = &[
    ("one-select", &["DELETE FROM apps", "SELECT 1 AS a; SELECT 2 AS a", "SELECT"]),
    ("aliases", &["SELECT a.app_id FROM apps a", "SELECT a.* FROM apps a", "SELECT * FROM apps"]),
    (
        "qualifiers",
        &[
            "SELECT label AS label FROM apps a JOIN env_scope e ON a.environment_id = e.environment_id",
            "SELECT a.kind AS kind FROM apps a CROSS JOIN clock k WHERE created_at >= k.d90",
        ],
    ),
    (
        "names",
        &[
            "SELECT a.app_id AS \"App\" FROM apps a",
            "SELECT a.AppId AS app_id FROM apps a",
            "SELECT a.app_id AS app_id FROM other.apps a",
        ],
    ),
    (
        "joins",
        &[
            "SELECT a.x AS x FROM apps a FULL OUTER JOIN env_scope e ON a.x = e.x",
            "SELECT a.x AS x FROM apps a JOIN env_scope e USING (x)",
            "SELECT a.x AS x FROM apps a, env_scope e",
            "SELECT a.x AS x FROM apps a NATURAL JOIN env_scope e",
            "SELECT a.x AS x FROM apps a LEFT SEMI JOIN env_scope e ON a.x = e.x",
        ],
    ),
    (
        "join-conditions",
        &[
            "SELECT a.x AS x FROM apps a JOIN env_scope e ON a.x = e.x AND e.is_default",
            "SELECT a.x AS x FROM apps a JOIN env_scope e ON a.x = e.x AND e.sku = 'production'",
            "SELECT a.x AS x FROM apps a JOIN env_scope e ON a.x < e.x",
            "SELECT a.x AS x FROM apps a JOIN env_scope e ON a.x = a.y",
            "SELECT a.x AS x FROM apps a JOIN env_scope e ON COALESCE(a.x, '') = e.x",
        ],
    ),
    (
        "subqueries",
        &[
            "SELECT a.x AS x FROM apps a WHERE a.x IN (SELECT e.x AS x FROM env_scope e)",
            "SELECT a.x AS x FROM apps a WHERE a.x NOT IN (SELECT e.x AS x FROM env_scope e)",
            "SELECT a.x AS x FROM apps a WHERE EXISTS (SELECT e.x AS x FROM env_scope e)",
            "SELECT (SELECT MAX(e.x) AS x FROM env_scope e) AS x FROM apps a",
        ],
    ),
    ("windows", &["SELECT COUNT(*) OVER (PARTITION BY a.x) AS n FROM apps a"]),
    ("order", &["SELECT a.x AS x FROM apps a ORDER BY a.x", "SELECT a.x AS x FROM apps a LIMIT 3"]),
    (
        "set-operations",
        &[
            "SELECT a.x AS x FROM apps a EXCEPT SELECT e.x AS x FROM env_scope e",
            "SELECT a.x AS x FROM apps a INTERSECT SELECT e.x AS x FROM env_scope e",
            "VALUES (1), (2)",
        ],
    ),
    (
        "grouping",
        &[
            "SELECT a.x AS x, COUNT(*) AS n FROM apps a",
            "SELECT a.x AS x, MAX(a.y) AS y, a.z AS z FROM apps a GROUP BY a.x",
            "SELECT COALESCE(a.x, '') AS x FROM apps a GROUP BY COALESCE(a.x, '')",
            "SELECT COUNT(*) AS n FROM apps a HAVING COUNT(*) > 1",
            "SELECT DISTINCT ON (a.x) a.x AS x FROM apps a",
        ],
    ),
    (
        "functions",
        &[
            "SELECT ROUND(a.x) AS x FROM apps a",
            "SELECT LOWER(a.x) AS x FROM apps a",
            "SELECT COUNT(*) FILTER (WHERE a.x = 1) AS n FROM apps a",
        ],
    ),
    (
        "dates",
        &[
            "SELECT a.x AS x FROM apps a WHERE a.created_at >= NOW()",
            "SELECT a.x AS x FROM apps a WHERE a.created_at >= TIMESTAMP '2026-01-01 00:00:00'",
            "SELECT EXTRACT(YEAR FROM a.created_at) AS y FROM apps a",
            "SELECT a.x AS x FROM apps a CROSS JOIN clock k WHERE a.created_at >= INTERVAL '90 days'",
        ],
    ),
    (
        "patterns",
        &[
            "SELECT a.x AS x FROM apps a WHERE a.x LIKE 'prd%'",
            "SELECT REGEXP_LIKE(a.x, 'p') AS x FROM apps a",
        ],
    ),
    (
        "sums",
        &[
            "SELECT SUM(a.n) AS n FROM apps a",
            "SELECT COALESCE(SUM(CASE WHEN a.x = 'y' THEN 1 ELSE 0 END), 0) AS n FROM apps a",
            "SELECT COALESCE(SUM(a.x = 'y'), 0) AS n FROM apps a",
        ],
    ),
    (
        "count-arithmetic",
        &[
            "SELECT COUNT(a.x) - COUNT(*) AS n FROM apps a",
            "SELECT g.n - g.m AS d FROM (SELECT COUNT(*) AS n, CAST(COUNT(a.x) AS BIGINT) AS m FROM apps a) g",
        ],
    ),
    (
        "division",
        &[
            "SELECT a.x / NULLIF(a.y, 0) AS r FROM apps a",
            "SELECT CAST(a.x AS DOUBLE) / a.y AS r FROM apps a",
            "SELECT CAST(a.x AS DOUBLE) / 0 AS r FROM apps a",
        ],
    ),
    (
        "casts",
        &[
            "SELECT CAST(a.x AS INT) AS x FROM apps a",
            "SELECT CAST(a.x AS DECIMAL(9, 2)) AS x FROM apps a",
            "SELECT TRY_CAST(a.x AS BIGINT) AS x FROM apps a",
        ],
    ),
    ("provenance", &["SELECT a.source_id AS x FROM apps a", "SELECT record_no AS x FROM apps a"]),
    (
        "literals",
        &[
            "SELECT a.x AS x FROM apps a WHERE a.n > 0.5",
            "SELECT 'a\\b' AS x FROM apps a",
            "SELECT X'ff' AS x FROM apps a",
        ],
    ),
    ("typed-nulls", &["SELECT a.x AS subject, NULL AS hit FROM apps a"]),
    (
        "operators",
        &[
            "SELECT a.x AS x FROM apps a WHERE a.n BETWEEN 1 AND 2",
            "SELECT a.x || a.y AS x FROM apps a",
            "SELECT a.x AS x FROM apps a WHERE a.x IS DISTINCT FROM a.y",
            "SELECT a.x AS x FROM apps a WHERE NOT a.y",
            "SELECT CASE a.x WHEN 'y' THEN TRUE END AS x FROM apps a",
        ],
    ),
];

#[test]
fn every_rule_refuses_what_it_names() {
    for (rule, texts) in REFUSED {
        for text in *texts {
            let broken: BTreeSet<&str> = lint(text).iter().map(|breach| breach.rule.id).collect();
            assert!(broken.contains(rule), "{text}\nbreaks {broken:?}, not {rule}");
        }
    }
    let tested: BTreeSet<&str> = REFUSED.iter().map(|(rule, _)| *rule).collect();
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(tested, all);
}

#[test]
fn every_shipped_text_obeys() {
    let book = FactBook::embedded().unwrap();
    let texts = book
        .facts()
        .map(|fact| (&fact.id, &fact.sql))
        .chain(book.views().iter().map(|view| (&view.id, &view.sql)));
    for (id, sql) in texts {
        let breaches = lint(sql);
        assert!(breaches.is_empty(), "{id}: {breaches:?}");
    }
}

#[test]
fn a_text_in_the_subset_passes() {
    let good = "SELECT e.environment_id AS subject, e.label AS label, CASE WHEN n.apps >= 2 THEN TRUE WHEN e.sku IN ('a', 'b') AND e.label IS NOT NULL THEN FALSE END AS hit \
        FROM env_scope e LEFT JOIN (SELECT a.environment_id AS environment_id, COUNT(DISTINCT a.app_id) AS apps FROM apps a GROUP BY a.environment_id HAVING COUNT(*) > 0) n \
        ON e.environment_id = n.environment_id CROSS JOIN clock k WHERE e.created_at >= k.d90 \
        UNION ALL SELECT CONCAT('all:', c.kind) AS subject, 'x' AS label, CAST(NULL AS BOOLEAN) AS hit FROM config_lists c";
    assert_eq!(lint(good), []);
}
