//! Flow tables: sheets of a kit's flows that wait until a row points to a flow.
//!
//! Such a table may be the largest file of an import, and most imports hold no row that points into it.
//! Guarantees that what it tells is known when the first row asks for it, whatever the order of the files. A
//! table that cannot be read tells nothing here, and says so when its own rows are read.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::File;

use crate::lookups::{Flow, Lookups};
use crate::walk::Found;
use crate::{sheet, stream};

/// Tables that were not read yet, and what they told when they were.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowTables {
    files: Vec<Found>,
    read: OnceCell<BTreeMap<String, Flow>>,
}

impl FlowTables {
    /// Adds a table, before any flow is asked for.
    pub(crate) fn add(&mut self, found: &Found) {
        self.files.push(found.clone());
    }

    /// The flow of a row; environments are those that the other lookups know.
    pub(crate) fn flow(&self, row: &str, others: &Lookups) -> Option<&Flow> {
        if self.files.is_empty() {
            return None;
        }
        let read = || {
            let mut learned = Lookups::default();
            self.files.iter().for_each(|found| learn(found, &mut learned));
            learned.into_flows(others)
        };
        self.read.get_or_init(read).get(row)
    }
}

fn learn(found: &Found, lookups: &mut Lookups) {
    let opened = stream::decoded(|| File::open(&found.path));
    let sheet = opened.map_err(|error| error.to_string()).and_then(|(text, _)| sheet::open(text));
    let Ok(mut sheet) = sheet else { return };
    sheet.only(Lookups::COLUMNS);
    sheet::each_row(&mut sheet, |row| lookups.learn(row));
}

#[cfg(test)]
mod tests {
    use crate::{Options, survey};

    #[test]
    fn a_table_that_was_left_out_is_read_when_a_row_asks() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "flows.csv",
            "admin_flowid,admin_flowenvironment,admin_workflowentityid\nF1,R1,W1\nF2,E2,\n",
        );
        write("z.csv", "admin_environmentid,admin_environmentname\nR1,Default-E1\n");
        let survey = survey(&[folder.path().to_owned()], &Options::default()).unwrap();
        let lookups = &survey.lookups;
        assert!(lookups.later.files.len() == 1 && lookups.later.read.get().is_none());
        assert_eq!(lookups.environment("r1"), Some("default-e1"));
        assert!(lookups.later.read.get().is_none(), "nobody asked for a flow");
        let flow =
            |row| lookups.flow(row).map(|flow| (flow.id.as_str(), flow.environment.as_str()));
        assert_eq!(
            [flow("f1"), flow("f2"), flow("f3")],
            [Some(("w1", "default-e1")), Some(("f2", "e2")), None]
        );
    }

    #[test]
    fn a_table_that_tells_of_more_is_read_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let text =
            "admin_flowid,admin_flowstate,admin_environmentname,admin_environmentid\n,,E1,R1\n";
        std::fs::write(folder.path().join("all.csv"), text).unwrap();
        let survey = survey(&[folder.path().to_owned()], &Options::default()).unwrap();
        assert!(survey.lookups.later.files.is_empty());
        assert_eq!(survey.lookups.environment("r1"), Some("e1"));
    }
}
