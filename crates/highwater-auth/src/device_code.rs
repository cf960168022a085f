//! Device code: a person signs in on any device by entering a short code there.
//!
//! Waits as often as the service allows, slower when it asks for that, and until the code expires.
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code>

use oauth2::StandardDeviceAuthorizationResponse;
use oauth2::basic::BasicTokenResponse;

use crate::person::{Person, error_of, send};
use crate::{Audience, Error, Prompt};

pub(crate) async fn sign_in(
    person: &Person,
    audience: &Audience,
) -> Result<BasicTokenResponse, Error> {
    let http = |request| send(person.http.clone(), request);
    let device: StandardDeviceAuthorizationResponse = person
        .client
        .exchange_device_code()
        .add_scopes(Person::scopes(audience))
        .request_async(&http)
        .await
        .map_err(|error| error_of(audience, error))?;
    person.surroundings.ask(&Prompt::DeviceCode {
        address: device.verification_uri().to_string(),
        code: device.user_code().secret().clone(),
        expires_in: device.expires_in(),
    });
    let start = person.surroundings.now();
    let begun = person.surroundings.elapsed();
    person
        .client
        .exchange_device_access_token(&device)
        .set_time_fn(|| (start + person.surroundings.elapsed().saturating_sub(begun)).into())
        .request_async(&http, |pause| async move { person.surroundings.sleep(pause).await }, None)
        .await
        .map_err(|error| error_of(audience, error))
}
