//! Challenge: what a service demands in `WWW-Authenticate` when it refuses a token.
//!
//! Owns the one case that a fresh token cannot answer: claims that only a person, or a policy that somebody changes,
//! can satisfy. Does not try to satisfy them.
//! <https://learn.microsoft.com/entra/identity-platform/claims-challenge>

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a person must do, if the challenge demands claims; `None` if a fresh token may do.
pub(crate) fn demand(challenge: &str) -> Option<String> {
    let parameter = |name: &str| parameter(challenge, name);
    let claims = parameter("claims");
    if parameter("error").as_deref() != Some("insufficient_claims") && claims.is_none() {
        return None;
    }
    let claims = claims.and_then(|text| decoded(&text)).unwrap_or_default();
    let next = if claims.contains("\"acrs\"") {
        "the resource is protected by an authentication context of conditional access: a person has to sign in with `--auth browser` and meet it, or the application has to be excluded from that policy"
    } else if claims.contains("\"nbf\"") || claims.contains("xms_rp_ipaddr") {
        "the session was revoked, or the network address is not one that conditional access allows: sign in anew from an allowed network, or have the named locations of the policy changed"
    } else {
        "conditional access demands more than this sign-in has shown: a person has to sign in with `--auth browser` and meet the policy, or the application has to be excluded from it"
    };
    let shown: String = claims.chars().filter(|c| !c.is_control()).take(300).collect();
    Some(if shown.is_empty() {
        next.to_owned()
    } else {
        format!("{next} (claims demanded: {shown})")
    })
}

/// A parameter of a challenge: `name="value"` or `name=value`.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let after = &rest[at + name.len()..];
        let starts = before.is_none_or(|c| c == ',' || c.is_whitespace());
        if let (true, Some(value)) = (starts, after.trim_start().strip_prefix('=')) {
            return Some(value_of(value.trim_start()));
        }
        rest = after;
    }
    None
}

fn value_of(text: &str) -> String {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
        None => text.split([',', ' ']).next().unwrap_or_default().to_owned(),
    }
}

fn decoded(text: &str) -> Option<String> {
    let standard: String = text
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    String::from_utf8(ANY_PADDING.decode(standard).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACRS: &str =
        "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19";
    const NBF: &str =
        "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzAwMDAwMDAwIn19fQ==";

    #[test]
    fn claims_are_said_in_words() {
        let text = format!(
            r#"Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize", error="insufficient_claims", claims="{ACRS}""#
        );
        let demand = demand(&text).unwrap();
        assert!(
            demand.contains("authentication context") && demand.contains(r#""value":"c1""#),
            "{demand}"
        );
    }

    #[test]
    fn a_revoked_session_is_another_matter() {
        let demand =
            demand(&format!("Bearer error=\"insufficient_claims\", claims=\"{NBF}\"")).unwrap();
        assert!(demand.contains("revoked"), "{demand}");
    }

    #[test]
    fn an_ordinary_refusal_demands_nothing() {
        assert_eq!(
            demand(
                r#"Bearer error="invalid_token", error_description="The access token expired, my_claims=1""#
            ),
            None
        );
        assert_eq!(demand(""), None);
        assert_eq!(demand("Basic realm=\"x\""), None);
    }

    #[test]
    fn claims_that_cannot_be_read_are_still_a_demand() {
        assert!(
            demand("Bearer error=insufficient_claims, claims=\"%%%\"")
                .unwrap()
                .contains("conditional access")
        );
    }

    proptest! {
        #[test]
        fn no_challenge_is_a_panic(text in ".{0,120}", tail in "[ -~]{0,60}") {
            let _ = demand(&text);
            let _ = demand(&format!("Bearer claims={tail}"));
        }
    }
}
