//! Embedded: the fact and view texts that ship inside the program, a line each.

/// File name and text of every family, and of the views; sorted by name.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("access.toml", include_str!("../../../config/facts/access.toml")),
    ("ai.toml", include_str!("../../../config/facts/ai.toml")),
    ("alm.toml", include_str!("../../../config/facts/alm.toml")),
    ("apps.toml", include_str!("../../../config/facts/apps.toml")),
    ("audit.toml", include_str!("../../../config/facts/audit.toml")),
    ("az.toml", include_str!("../../../config/facts/az.toml")),
    ("ca.toml", include_str!("../../../config/facts/ca.toml")),
    ("capacity.toml", include_str!("../../../config/facts/capacity.toml")),
    ("coe.toml", include_str!("../../../config/facts/coe.toml")),
    ("collab.toml", include_str!("../../../config/facts/collab.toml")),
    ("community.toml", include_str!("../../../config/facts/community.toml")),
    ("connectors.toml", include_str!("../../../config/facts/connectors.toml")),
    ("copilots.toml", include_str!("../../../config/facts/copilots.toml")),
    ("data.toml", include_str!("../../../config/facts/data.toml")),
    ("desktop.toml", include_str!("../../../config/facts/desktop.toml")),
    ("dlp.toml", include_str!("../../../config/facts/dlp.toml")),
    ("env.toml", include_str!("../../../config/facts/env.toml")),
    ("flows.toml", include_str!("../../../config/facts/flows.toml")),
    ("gateways.toml", include_str!("../../../config/facts/gateways.toml")),
    ("intune.toml", include_str!("../../../config/facts/intune.toml")),
    ("lic.toml", include_str!("../../../config/facts/lic.toml")),
    ("machines.toml", include_str!("../../../config/facts/machines.toml")),
    ("makers.toml", include_str!("../../../config/facts/makers.toml")),
    ("mining.toml", include_str!("../../../config/facts/mining.toml")),
    ("mon.toml", include_str!("../../../config/facts/mon.toml")),
    ("procode.toml", include_str!("../../../config/facts/procode.toml")),
    ("rbac.toml", include_str!("../../../config/facts/rbac.toml")),
    ("reuse.toml", include_str!("../../../config/facts/reuse.toml")),
    ("roi.toml", include_str!("../../../config/facts/roi.toml")),
    ("sec.toml", include_str!("../../../config/facts/sec.toml")),
    ("secrets.toml", include_str!("../../../config/facts/secrets.toml")),
    ("tenant.toml", include_str!("../../../config/facts/tenant.toml")),
    ("views.toml", include_str!("../../../config/facts/views.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed_once_in_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/facts");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".toml"))
            .collect();
        found.sort();
        let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, found);
    }
}
