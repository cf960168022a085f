//! Validity: the day on which a certificate ends, for warnings in good time.
//!
//! Reads the one field and judges nothing: whether a certificate is accepted is for whoever is shown it.
//! <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>

use std::path::Path;

use rustls_pemfile::Item;
use zeroize::Zeroizing;

/// Tags of the parts of a certificate that are passed on the way.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the first certificate in a PEM file, RFC 3339 in UTC; none where there is no such file or certificate.
pub fn ends(path: &Path) -> Option<String> {
    let bytes = Zeroizing::new(std::fs::read(path).ok()?);
    let first = rustls_pemfile::read_all(&mut bytes.as_slice()).find_map(|item| match item {
        Ok(Item::X509Certificate(certificate)) => Some(certificate.to_vec()),
        _ => None,
    });
    not_after(&first?)
}

/// The end of a certificate in DER: certificate, its body, then version, serial, algorithm, issuer, and validity.
fn not_after(der: &[u8]) -> Option<String> {
    let (_, certificate, _) = part(der)?;
    let (tag, mut rest, _) = part(certificate)?;
    if tag != SEQUENCE {
        return None;
    }
    if part(rest)?.0 == VERSION {
        rest = part(rest)?.2;
    }
    for _ in ["serial", "algorithm", "issuer"] {
        rest = part(rest)?.2;
    }
    let (_, validity, _) = part(rest)?;
    let (_, _, end) = part(validity)?;
    let (tag, text, _) = part(end)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match tag {
        // Two digits stand for 1950 to 2049.
        UTC_TIME if text.len() == 12 => {
            format!("{}{text}", if text < "5" { "20" } else { "19" })
        }
        GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
        _ => return None,
    };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (date, time) = text.split_at(8);
    Some(format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    ))
}

/// The first part of some DER: its tag, what it holds, and what follows it.
fn part(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 4 {
            return None;
        }
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (held, rest) = rest.split_at_checked(length)?;
    Some((*tag, held, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(year: i32) -> rcgen::Certificate {
        let mut parameters = rcgen::CertificateParams::new(["contoso.example".to_owned()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(year, 3, 1);
        parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn the_end_is_read_in_both_forms() {
        for year in [2027, 2049, 2050, 2107] {
            let der = certificate(year).der().to_vec();
            assert_eq!(
                not_after(&der).as_deref(),
                Some(format!("{year}-03-01T00:00:00Z").as_str())
            );
        }
    }

    #[test]
    fn what_is_torn_has_no_end_and_no_panic() {
        let der = certificate(2027).der().to_vec();
        for length in 0..der.len() {
            let _ = not_after(&der[..length]);
        }
        assert_eq!(not_after(&der[..40]), None);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        assert_eq!(ends(&path), None);
        std::fs::write(&path, certificate(2027).pem()).unwrap();
        assert_eq!(ends(&path).as_deref(), Some("2027-03-01T00:00:00Z"));
    }
}
