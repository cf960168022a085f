//! Manifest: what `solution.xml` says about the package as a whole.

use super::xml::{Element, Place, Step, walk};
use super::{Component, Managed, Solution};
use crate::error::DefinitionError;
use crate::text::plain_id;

/// Component types in words, by the platform's numbers.
const TYPES: &[(u32, &str)] = &[
    (1, "table"),
    (9, "choice"),
    (20, "role"),
    (29, "process"),
    (60, "dashboard"),
    (61, "web_resource"),
    (62, "site_map"),
    (66, "pcf"),
    (80, "app"),
    (90, "plugin"),
    (91, "plugin"),
    (92, "plugin"),
    (300, "canvas_app"),
    (371, "connector"),
    (372, "connector"),
    (380, "environment_variable"),
];

/// Reads the manifest into the solution.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    solution: &mut Solution,
) -> Result<(), DefinitionError> {
    walk(name, bytes, &mut |place, step| match step {
        Step::Open(element) => open(place, element, solution),
        Step::Close(text) => close(place, text.trim(), solution),
    })
}

fn open(place: &Place<'_>, element: &Element, solution: &mut Solution) {
    match (place.parent(), place.name()) {
        ("rootcomponents", "rootcomponent") => root_component(element, solution),
        (_, "missingdependency") => solution.features.missing_dependency_count += 1,
        ("localizednames", "localizedname")
            if place.depth() == 4 && solution.display_name.is_none() =>
        {
            solution.display_name = element.attribute("description").map(str::to_owned);
        }
        _ => {}
    }
}

fn root_component(element: &Element, solution: &mut Solution) {
    let Some(number) = element.attribute("type") else { return };
    *solution.features.root_components.entry(number.to_owned()).or_default() += 1;
    let Ok(component_type) = number.parse() else { return };
    let known = TYPES.iter().find(|(number, _)| *number == component_type);
    solution.components.push(Component {
        component_type,
        kind: known.map_or("other", |(_, kind)| kind),
        id: element.attribute("id").map(plain_id),
        name: element.attribute("schemaname").map(str::to_owned),
    });
}

fn close(place: &Place<'_>, text: &str, solution: &mut Solution) {
    let told = (!text.is_empty()).then(|| text.to_owned());
    match (place.parent(), place.name()) {
        ("solutionmanifest", "uniquename") => solution.unique_name = told,
        ("solutionmanifest", "version") => solution.features.version = told,
        ("solutionmanifest", "managed") => solution.features.managed = managed(text),
        ("publisher", "uniquename") => solution.publisher = told,
        ("publisher", "customizationprefix") => {
            solution.features.default_publisher = is_default_prefix(text);
            solution.features.publisher_prefix = told;
        }
        _ => {}
    }
}

fn managed(text: &str) -> Option<Managed> {
    match text {
        "0" => Some(Managed::No),
        "1" => Some(Managed::Yes),
        "2" => Some(Managed::Both),
        _ => None,
    }
}

/// `new`, or `cr` and three to five hexadecimal digits: prefixes the platform hands out.
fn is_default_prefix(prefix: &str) -> bool {
    let prefix = prefix.to_ascii_lowercase();
    let numbered = prefix.strip_prefix("cr").is_some_and(|digits| {
        (3..=5).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    prefix == "new" || numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_prefixes_are_known() {
        for prefix in ["new", "cr1a2", "CR0F3d9"] {
            assert!(is_default_prefix(prefix), "{prefix}");
        }
        for prefix in ["", "cr", "cr12", "crm12", "cr123456", "contoso", "cr12g"] {
            assert!(!is_default_prefix(prefix), "{prefix}");
        }
    }
}
