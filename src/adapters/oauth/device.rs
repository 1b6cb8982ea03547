//! The device flow (RFC 8628): a person types a code in on any machine, and is waited for here.

use std::time::Duration;

use chrono::TimeDelta;
use oauth2::basic::BasicTokenResponse;
use oauth2::{DeviceAuthorizationUrl, Scope, StandardDeviceAuthorizationResponse};

use super::answers::Asked;
use super::{Account, TokenError};
use crate::ports::Clock;

/// The longest that a person is waited for.
const WAIT_MAX: Duration = Duration::from_mins(30);

/// A server that wants to be asked more often than this isn't.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// What a person must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// Where.
    pub address: String,
    /// What to type in there.
    pub code: String,
    /// How long it is good for.
    pub lives: Duration,
}

impl Account {
    /// Logs in by a code; `show` tells the person. None: the server has no such flow.
    pub async fn by_device(
        &self,
        clock: &dyn Clock,
        show: impl FnOnce(DeviceCode),
    ) -> Option<Result<(), TokenError>> {
        let address = self.config.device_url.as_ref()?;
        Some(match self.device_code(address).await {
            Ok(given) => {
                show(DeviceCode {
                    address: given.verification_uri().to_string(),
                    code: given.user_code().secret().clone(),
                    lives: given.expires_in().min(WAIT_MAX),
                });
                match self.wait_for(&given, clock).await {
                    Ok(answer) => self.keep(&answer).await,
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        })
    }

    async fn device_code(
        &self,
        address: &str,
    ) -> Result<StandardDeviceAuthorizationResponse, TokenError> {
        let address = DeviceAuthorizationUrl::new(address.to_owned());
        let address = address.map_err(|error| self.trouble(&error))?;
        let client = self.client.clone().set_device_authorization_url(address);
        let scopes = self.config.scope.iter().cloned().map(Scope::new);
        let asked = client.exchange_device_code().add_scopes(scopes);
        let asked = asked.request_async(&|request| self.ask(request)).await;
        asked.map_err(|error| self.asked(&Asked::of(&error), &[]))
    }

    async fn wait_for(
        &self,
        given: &StandardDeviceAuthorizationResponse,
        clock: &dyn Clock,
    ) -> Result<BasicTokenResponse, TokenError> {
        let pause = |pause: Duration| {
            let pause = TimeDelta::from_std(pause.clamp(PAUSE_MIN, WAIT_MAX));
            let pause = pause.expect("half an hour is a duration");
            async move { clock.sleep_until(clock.now() + pause).await }
        };
        let asked = self.client.exchange_device_access_token(given);
        let asked = asked.set_time_fn(|| clock.now());
        let limit = given.expires_in().min(WAIT_MAX);
        let asked = asked.request_async(&|request| self.ask(request), pause, Some(limit)).await;
        asked.map_err(|error| self.asked(&Asked::of_poll(&error), &[]))
    }
}
