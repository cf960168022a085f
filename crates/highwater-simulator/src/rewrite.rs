//! Rewrite: addresses of simulated hosts inside answers, in the form in which the client reaches hosts.
//!
//! An organisation's address in the list of environments must lead back to the simulated cloud. Addresses of other
//! hosts stay as they are.

use serde_json::Value;

use crate::asked::Form;
use crate::host;

/// Rewrites every address of a known host in a document.
pub(crate) fn links(value: &mut Value, form: &Form) {
    if *form == Form::Mapped(String::new()) {
        return;
    }
    match value {
        Value::String(text) => {
            if let Some(new) = text_of(text, form) {
                *text = new;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| links(item, form)),
        Value::Object(fields) => fields.values_mut().for_each(|field| links(field, form)),
        _ => {}
    }
}

/// A text with its addresses rewritten; `None` where there are none.
pub(crate) fn text_of(text: &str, form: &Form) -> Option<String> {
    let mut told = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find("https://") {
        let (before, address) = rest.split_at(at + 8);
        let length = address
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-')))
            .unwrap_or(address.len());
        let name = &address[..length];
        let reached = host::service(&name.to_ascii_lowercase()).is_some()
            && !address[length..].starts_with(':');
        told.push_str(&before[..at]);
        told.push_str(&if reached { form.address(name) } else { format!("https://{name}") });
        changed |= reached;
        rest = &address[length..];
    }
    told.push_str(rest);
    changed.then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hosts_are_rewritten_and_others_are_not() {
        let form = Form::Prefixed("https://localhost:99".to_owned());
        let told =
            text_of("see https://org1.api.crm4.dynamics.com/x and https://evil.example/y", &form);
        assert_eq!(
            told.as_deref(),
            Some(
                "see https://localhost:99/~org1.api.crm4.dynamics.com/x and https://evil.example/y"
            )
        );
        assert_eq!(text_of("https://evil.example", &form), None);
        let mapped = Form::Mapped(":8443".to_owned());
        assert_eq!(
            text_of("https://graph.microsoft.com/v1.0", &mapped).as_deref(),
            Some("https://graph.microsoft.com:8443/v1.0")
        );
        assert_eq!(text_of("https://graph.microsoft.com:8443/v1.0", &mapped), None);
    }
}
