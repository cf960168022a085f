//! Steps: what the text of a pipeline says about solutions, by the names of tasks, actions and commands.
//!
//! A search, not a parser: what a template does is not told. A pipeline that refers to a template is looked at
//! only when something in it hints at solutions; other templated pipelines of an organisation are not.

use std::collections::BTreeSet;

/// What the text of a pipeline says.
pub(super) struct Steps<'t> {
    text: &'t str,
    /// The first template or reusable workflow that is referred to.
    pub(super) template: Option<String>,
}

impl<'t> Steps<'t> {
    /// Looks at a text in lower case.
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, template: text.lines().find_map(template_of) }
    }

    fn names(&self, marks: &[&str]) -> bool {
        marks.iter().any(|mark| self.text.contains(mark))
    }

    /// Whether nothing speaks of Power Platform, not even a hint beside a template.
    pub(super) fn is_foreign(&self) -> bool {
        !self.names(ANY) && (self.template.is_none() || !self.names(HINTS))
    }

    /// Whether a step is there; where a template may bring it in, only a yes is told.
    pub(super) fn has(&self, marks: &[&str]) -> Option<bool> {
        let found = self.names(marks);
        (found || self.template.is_none()).then_some(found)
    }

    /// Whether the ALM Accelerator is named.
    pub(super) fn is_alm_accelerator(&self) -> bool {
        self.names(ACCELERATOR)
    }

    /// A stage or environment called production; never where nothing is imported.
    pub(super) fn deploys_production(&self) -> Option<bool> {
        let keys = ["stage", "environment", "name", "displayname", "deployment"];
        let production = self.values(&keys).any(|value| value.starts_with("prod"));
        match self.has(IMPORTS) {
            Some(false) => Some(false),
            _ => production.then_some(true),
        }
    }

    /// The solution that all steps name, unless they name none, several or a variable.
    pub(super) fn solution_name(&self) -> Option<String> {
        let names: BTreeSet<&str> = self.values(&["solutionname", "solution-name"]).collect();
        let mut names = names.into_iter();
        match (names.next(), names.next()) {
            (Some(name), None) if !name.contains('$') && !name.is_empty() => Some(name.to_owned()),
            _ => None,
        }
    }

    /// Whether a threshold of the checker stops the run; steps that go on after errors leave it open.
    pub(super) fn checker_fails(&self) -> Option<bool> {
        let goes_on = self.names(&["continueonerror: true", "continue-on-error: true"]);
        let threshold = self.values(&["errorthreshold", "error-threshold"]).next().is_some();
        (self.names(CHECKERS) && threshold && !goes_on).then_some(true)
    }

    /// Values of lines such as `- stage: Production`.
    fn values<'s>(&'s self, keys: &'s [&'s str]) -> impl Iterator<Item = &'t str> + 's {
        self.text.lines().filter_map(move |line| {
            let (key, value) = line.trim().trim_start_matches("- ").split_once(':')?;
            keys.contains(&key.trim()).then(|| value.trim().trim_matches(['\'', '"']))
        })
    }
}

/// A template or a workflow of another repository that a line refers to.
fn template_of(line: &str) -> Option<String> {
    let (key, value) = line.trim().trim_start_matches("- ").split_once(':')?;
    let value = value.split(" #").next()?.trim().trim_matches(['\'', '"']);
    let reusable = key.trim() == "uses" && value.contains("/.github/workflows/");
    ((key.trim() == "template" || reusable) && !value.is_empty()).then(|| value.to_owned())
}

/// Steps that import a solution.
pub(super) const IMPORTS: &[&str] = &[
    "powerplatformimportsolution",
    "power platform import solution",
    "import-solution",
    "pac solution import",
];

/// Steps that check a solution.
pub(super) const CHECKERS: &[&str] =
    &["powerplatformchecker", "power platform checker", "check-solution", "pac solution check"];

/// Steps that test.
pub(super) const TESTS: &[&str] =
    &["pac test run", "testengine", "test engine", "test studio", "run-test-engine"];

/// Words beside a template that let it be about solutions.
const HINTS: &[&str] = &["solution", "dataverse", "dynamics", "alm-accelerator", "almaccelerator"];

const ANY: &[&str] = &[
    "powerplatform",
    "power platform",
    "power-platform",
    "pac solution",
    "pac test",
    "pac auth",
    "pac pipeline",
];

const ACCELERATOR: &[&str] =
    &["alm-accelerator", "almaccelerator", "alm accelerator", "coe-starter-kit"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_solutions_and_stages() {
        let steps = Steps::of(
            "- stage: 'production'\n  displayname: go live\n- task: powerplatformimportsolution@2\n  solutionname: invoices",
        );
        assert_eq!(steps.deploys_production(), Some(true));
        assert_eq!(steps.solution_name().as_deref(), Some("invoices"));
        assert_eq!(Steps::of("pac solution import\nsolution-name: $(name)").solution_name(), None);
        assert_eq!(Steps::of("solutionname: a\nsolutionname: b").solution_name(), None);
    }

    #[test]
    fn templates_count_when_something_hints_at_solutions() {
        assert!(Steps::of("extends:\n  template: build.yml@shared").is_foreign());
        let steps = Steps::of("extends:\n  template: deploy-solution.yml@shared");
        assert!(!steps.is_foreign());
        assert_eq!((steps.has(IMPORTS), steps.deploys_production()), (None, None));
    }

    #[test]
    fn a_checker_fails_runs_by_its_threshold() {
        let checks = "powerplatformchecker@2\nerrorthreshold: 0";
        assert_eq!(Steps::of(checks).checker_fails(), Some(true));
        assert_eq!(Steps::of(&format!("{checks}\ncontinueonerror: true")).checker_fails(), None);
        assert_eq!(Steps::of("powerplatformchecker@2").checker_fails(), None);
        assert_eq!(Steps::of("pac solution export").deploys_production(), Some(false));
    }
}
