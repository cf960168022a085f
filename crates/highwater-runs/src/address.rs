//! Address: where a store is, when it is no folder.
//!
//! Guarantees that a name in an address is a name: nothing of it can become another host. Opens nothing.

use std::fmt;

use crate::Error;

/// Endings of the hosts of Azure storage, by cloud.
/// <https://learn.microsoft.com/azure/storage/common/storage-account-overview>
const SUFFIXES: [&str; 3] = ["core.windows.net", "core.usgovcloudapi.net", "core.chinacloudapi.cn"];

/// A place in object storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whose service, and which container there.
    pub service: Service,
    /// What names of objects begin with; empty, or without slashes at its ends.
    pub prefix: String,
}

/// A service for objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// Blob storage of Azure, also with hierarchical namespace.
    Azure {
        /// Storage account.
        account: String,
        /// Container.
        container: String,
        /// Ending of its host, where the address tells it.
        suffix: Option<&'static str>,
    },
    /// S3, or what speaks as it does.
    S3 {
        /// Bucket.
        bucket: String,
    },
    /// Google Cloud Storage.
    Gcs {
        /// Bucket.
        bucket: String,
    },
}

impl Address {
    /// The address that a text is; none where it is the path of a folder.
    ///
    /// # Errors
    /// [`Error::Address`] for an address that cannot be meant.
    pub fn parse(text: &str) -> Result<Option<Self>, Error> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(None) };
        let wrong = |problem: &str| Error::Address {
            address: text.to_owned(),
            problem: problem.to_owned(),
        };
        let (first, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let (service, prefix) = match scheme {
            "az" | "azure" => {
                let (container, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let account = named(first).ok_or_else(|| wrong(AZ))?;
                let container = named(container).ok_or_else(|| wrong(AZ))?;
                (Service::Azure { account, container, suffix: None }, prefix)
            }
            "abfss" => (azure(first).ok_or_else(|| wrong(ABFSS))?, rest),
            "s3" => (Service::S3 { bucket: bucket(first).ok_or_else(|| wrong(BUCKET))? }, rest),
            "gs" => (Service::Gcs { bucket: bucket(first).ok_or_else(|| wrong(BUCKET))? }, rest),
            "file" => return Err(wrong("write the path of the folder without `file://`")),
            _ => return Err(wrong("stores are folders, az://, abfss://, s3:// and gs://")),
        };
        let prefix = prefix.trim_matches('/');
        let plain = prefix.split('/').all(|part| part != "." && part != "..");
        if !plain || prefix.contains("//") || prefix.contains(['?', '#', '\\']) {
            return Err(wrong("the part after the container is a plain path"));
        }
        Ok(Some(Self { service, prefix: prefix.to_owned() }))
    }
}

const AZ: &str = "write az://ACCOUNT/CONTAINER/PREFIX";
const ABFSS: &str = "write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX";
const BUCKET: &str = "write s3://BUCKET/PREFIX or gs://BUCKET/PREFIX";

/// `container@account.dfs.core.windows.net`.
fn azure(authority: &str) -> Option<Service> {
    let (container, host) = authority.split_once('@')?;
    let (account, host) = host.split_once('.')?;
    let suffix = host.strip_prefix("dfs.").or_else(|| host.strip_prefix("blob."))?;
    let suffix = SUFFIXES.into_iter().find(|known| *known == suffix)?;
    Some(Service::Azure {
        account: named(account)?,
        container: named(container)?,
        suffix: Some(suffix),
    })
}

/// Name of an account or a container: lower-case letters, digits and single hyphens.
fn named(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let sound = (3..=63).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-');
    sound.then(|| text.to_owned())
}

/// Name of a bucket, which may have dots too.
fn bucket(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let sound = (3..=222).contains(&text.len()) && text.chars().all(plain) && !text.contains("..");
    sound.then(|| text.to_owned())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Service::Azure { account, container, .. } => write!(f, "az://{account}/{container}")?,
            Service::S3 { bucket } => write!(f, "s3://{bucket}")?,
            Service::Gcs { bucket } => write!(f, "gs://{bucket}")?,
        }
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_no_addresses_and_addresses_read_back() {
        for folder in ["highwater-data", "/var/lib/highwater", "C:\\data", "./az"] {
            assert_eq!(Address::parse(folder).unwrap(), None, "{folder}");
        }
        for text in ["az://contoso/maturity/a/b", "s3://contoso.maturity", "gs://contoso/x"] {
            assert_eq!(Address::parse(text).unwrap().unwrap().to_string(), text);
        }
        let lake = "abfss://maturity@contoso.dfs.core.usgovcloudapi.net/a/";
        let lake = Address::parse(lake).unwrap().unwrap();
        assert_eq!(lake.to_string(), "az://contoso/maturity/a");
        let Service::Azure { suffix, .. } = lake.service else { panic!("it is of Azure") };
        assert_eq!(suffix, Some("core.usgovcloudapi.net"));
    }

    #[test]
    fn no_address_leads_to_another_host() {
        for text in [
            "az://contoso.example.org/maturity",
            "az://contoso@evil/maturity",
            "az://contoso",
            "abfss://maturity@contoso.dfs.example.org/x",
            "s3://evil/../x",
            "s3://a..b/x",
            "gs://bucket/x?alt=media",
            "http://contoso.blob.core.windows.net/maturity",
            "file:///tmp/x",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
