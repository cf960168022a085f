//! `nsg_rules`: one row per custom rule.
//!
//! A row is a custom rule of a network security group; the default rules, which are the same everywhere, are not
//! kept: <https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview>.
//! Records are Azure Resource Manager objects, alike from Resource Graph, from the API and from `az ... -o json`.
//! All rules of a group are looked at together: ports that an earlier deny closes for the same callers do not
//! count as open, and a rule all of whose ports are closed so is shadowed. A deny counts when it covers the
//! protocol, the callers and the destination as a whole; overlapping address ranges are not computed.
//! Traps: a field is singular or plural, the unused one is absent, `''` or `[]`.

use super::subscriptions::arm;
use crate::table::{Column, Reading, Sample, Scope, Table};
use crate::{Json, Record, Rows, cell};

/// Open ports.
pub(crate) static TABLE: Table = Table {
    name: "nsg_rules",
    grain: "one row per custom rule",
    about: "open ports",
    scope: Scope::Subscription,
    key: &["nsg_id", "rule_name"],
    columns: &[
        Column::text("nsg_id").required().business(),
        Column::text("rule_name").required().business(),
        Column::text("subscription_id").business(),
        Column::text("direction").required().about("inbound, outbound"),
        Column::text("access").required().about("allow, deny"),
        Column::int("priority"),
        Column::bool("from_internet").about("`*`, 0.0.0.0/0, ::/0, Internet; singular and plural fields are exclusive, the unused one is absent, '' or []"),
        Column::bool("opens_management").about("reaches 22, 3389, 5985 or 5986 over TCP or `*`; ports that an earlier deny closes do not count"),
        Column::bool("opens_rdp").about("as opens_management, for 3389"),
        Column::bool("is_shadowed").required().about("an earlier deny covers all of it"),
    ],
    readings: &[Reading { source: "arg.resources", read: resource }],
    complete: &[&["arg.resources"]],
    sample: Sample::Seen,
};

fn resource(record: &Record<'_>, rows: &mut Rows) {
    if !arm::is(record, "microsoft.network/networksecuritygroups") {
        return;
    }
    let rules: Vec<Rule<'_>> =
        arm::properties(record.json).at("securityRules").items().map(Rule::of).collect();
    for rule in &rules {
        let closed = rule.closed_by(&rules);
        rows.push([
            cell("nsg_id", arm::id(record.at("id"))),
            cell("rule_name", rule.name.filled()),
            cell("subscription_id", arm::subscription(record)),
            cell("direction", rule.body.at("direction").word()),
            cell("access", rule.body.at("access").word()),
            cell("priority", rule.body.at("priority").int()),
            cell("from_internet", rule.is_from_internet()),
            cell("opens_management", rule.opens(&MANAGEMENT, &closed)),
            cell("opens_rdp", rule.opens(&[3389], &closed)),
            cell("is_shadowed", rule.is("access", "allow") && covers(&closed, &rule.ports)),
        ]);
    }
}

/// SSH, remote desktop, Windows remote management without and with TLS.
const MANAGEMENT: [u16; 4] = [22, 3389, 5985, 5986];

/// The texts that stand for every caller on the Internet.
const ANYBODY: [&str; 5] = ["*", "any", "internet", "0.0.0.0/0", "::/0"];

/// Closed or open ports, from and to.
type Ports = (u16, u16);

struct Rule<'v> {
    name: Json<'v>,
    body: Json<'v>,
    ports: Vec<Ports>,
    sources: Vec<String>,
    destinations: Vec<String>,
}

impl<'v> Rule<'v> {
    fn of(json: Json<'v>) -> Self {
        let body = arm::properties(json);
        Self {
            name: json.at("name"),
            body,
            ports: texts(body, "destinationPortRange")
                .iter()
                .filter_map(|text| ports(text))
                .collect(),
            sources: texts(body, "sourceAddressPrefix"),
            destinations: texts(body, "destinationAddressPrefix"),
        }
    }

    fn is(&self, field: &str, word: &str) -> bool {
        self.body.at(field).word().as_deref() == Some(word)
    }

    fn is_from_internet(&self) -> Option<bool> {
        if self.sources.is_empty() {
            let by_group = self.body.at("sourceApplicationSecurityGroups").len() > Some(0);
            return by_group.then_some(false);
        }
        Some(self.sources.iter().any(|source| ANYBODY.contains(&source.as_str())))
    }

    /// Whether one of the ports can be reached; not told where the rule names no ports.
    fn opens(&self, wanted: &[u16], closed: &[Ports]) -> Option<bool> {
        let tcp = match self.body.at("protocol").word()?.as_ref() {
            "tcp" | "*" | "any" => true,
            _ => return Some(false),
        };
        if self.ports.is_empty() {
            return None;
        }
        Some(tcp && wanted.iter().any(|port| holds(&self.ports, *port) && !holds(closed, *port)))
    }

    /// Ports that earlier denies close for everything that this rule lets through.
    fn closed_by(&self, rules: &[Rule<'_>]) -> Vec<Ports> {
        let Some(priority) = self.body.at("priority").int() else { return Vec::new() };
        let earlier = rules
            .iter()
            .filter(|rule| rule.body.at("priority").int().is_some_and(|number| number < priority));
        earlier
            .filter(|rule| rule.is("access", "deny") && rule.reaches(self))
            .flat_map(|rule| rule.ports.clone())
            .collect()
    }

    /// Whether this rule is about all traffic of another, ports left aside.
    fn reaches(&self, other: &Rule<'_>) -> bool {
        let same = |field: &str| self.body.at(field).word() == other.body.at(field).word();
        let anywhere = |list: &[String]| list.iter().any(|text| text == "*" || text == "any");
        let sources = other.sources.iter().all(|source| {
            self.sources.contains(source)
                || anywhere(&self.sources)
                || (ANYBODY.contains(&source.as_str())
                    && self.sources.iter().any(|own| own == "internet"))
        });
        let destinations = anywhere(&self.destinations)
            || (!other.destinations.is_empty() && self.destinations == other.destinations);
        same("direction")
            && (same("protocol") || self.is("protocol", "*") || self.is("protocol", "any"))
            && !other.sources.is_empty()
            && sources
            && destinations
    }
}

/// The told members of a singular field and of its plural.
fn texts(body: Json<'_>, field: &str) -> Vec<String> {
    let plural = if field.ends_with('x') { format!("{field}es") } else { format!("{field}s") };
    let single = body.at(field).word();
    single
        .into_iter()
        .chain(body.at(&plural).items().filter_map(Json::word))
        .map(std::borrow::Cow::into_owned)
        .collect()
}

fn ports(text: &str) -> Option<Ports> {
    if text == "*" || text == "any" {
        return Some((0, u16::MAX));
    }
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
}

fn holds(ranges: &[Ports], port: u16) -> bool {
    ranges.iter().any(|(from, to)| (*from..=*to).contains(&port))
}

/// Whether every range lies inside one of `outer`.
fn covers(outer: &[Ports], inner: &[Ports]) -> bool {
    !inner.is_empty()
        && inner
            .iter()
            .all(|(from, to)| outer.iter().any(|(least, most)| least <= from && to <= most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    fn told(rules: &str) -> Vec<String> {
        let text = format!(
            r#"{{"id": "/subscriptions/s/resourceGroups/r/providers/microsoft.network/networkSecurityGroups/n",
                "type": "microsoft.network/networksecuritygroups", "properties": {{"securityRules": {rules}}}}}"#
        );
        let cut = |row: String| {
            row.split_once("subscription_id=s, ").map(|(_, rest)| rest.to_owned()).unwrap()
        };
        rows(&TABLE, "arg.resources", &text).into_iter().map(cut).collect()
    }

    #[test]
    fn open_management_ports() {
        let rules = r#"[{"name": "rdp", "properties": {"direction": "Inbound", "access": "Allow", "priority": 300, "protocol": "Tcp",
                "sourceAddressPrefix": "Internet", "destinationAddressPrefix": "*", "destinationPortRange": "", "destinationPortRanges": ["80", "3000-4000"]}},
            {"name": "dns", "properties": {"direction": "Inbound", "access": "Allow", "priority": 310, "protocol": "Udp",
                "sourceAddressPrefixes": ["10.0.0.0/8"], "sourceAddressPrefix": "", "destinationPortRange": "*"}}]"#;
        assert_eq!(
            told(rules),
            [
                "direction=inbound, access=allow, priority=300, from_internet=true, opens_management=true, opens_rdp=true, is_shadowed=false",
                "direction=inbound, access=allow, priority=310, from_internet=false, opens_management=false, opens_rdp=false, is_shadowed=false",
            ]
        );
    }

    #[test]
    fn an_earlier_deny_closes_ports() {
        let pair = |allowed: &str, denied: &str, priority: i64| {
            let rule = |name: &str, access: &str, priority: i64, ports: &str| {
                format!(
                    r#"{{"name": "{name}", "direction": "Inbound", "access": "{access}", "priority": {priority}, "protocol": "*",
                        "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "{ports}"}}"#
                )
            };
            told(&format!(
                "[{}, {}]",
                rule("a", "Allow", 200, allowed),
                rule("d", "Deny", priority, denied)
            ))
            .remove(0)
        };
        assert!(
            pair("3389", "3000-4000", 100)
                .ends_with("opens_management=false, opens_rdp=false, is_shadowed=true")
        );
        assert!(
            pair("3389", "3000-4000", 300)
                .ends_with("opens_management=true, opens_rdp=true, is_shadowed=false")
        );
        assert!(
            pair("*", "3389", 100)
                .ends_with("opens_management=true, opens_rdp=false, is_shadowed=false")
        );
    }

    #[test]
    fn what_a_rule_does_not_say_is_not_told() {
        let rules = r#"[{"name": "odd", "properties": {"direction": "Inbound", "access": "Allow", "priority": "first", "protocol": "Tcp"}}]"#;
        assert_eq!(told(rules), ["direction=inbound, access=allow, is_shadowed=false"]);
        assert!(
            rows(
                &TABLE,
                "arg.resources",
                r#"{"id": "/n", "type": "microsoft.network/networksecuritygroups"}"#
            )
            .is_empty()
        );
    }
}
