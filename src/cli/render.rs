//! An answer as text for people; whatever a name or a server's words hold, it is only text.

mod decided;
mod delivered;
mod documents;
mod firm;
mod invited;
mod mails;
mod plain;
mod rounds;
mod status;
mod table;
mod words;

pub use plain::{clean, json};
pub(super) use words::state;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::requests::Ask;

/// The answer to `ask` in words, with colours (which the stream takes away where nobody sees
/// them). Errs when the answer isn't what such a question is answered with.
pub fn text(ask: &Ask, value: &Value) -> anyhow::Result<String> {
    let value = plain::cleaned(value);
    Ok(match ask {
        Ask::Round { .. } => rounds::round(&view(&value)?),
        Ask::Status => status::status(&view(&value)?),
        Ask::Companies => firm::companies(&view::<Vec<_>>(&value)?),
        Ask::Connect { .. } => firm::connect(&view(&value)?),
        Ask::Disconnect { .. } | Ask::SwitchResolve { .. } => decided::decided(&view(&value)?),
        Ask::Readdress { confirmed, .. } => decided::readdress(*confirmed, &view(&value)?),
        Ask::Switch { turn, .. } => decided::switched(*turn, &view::<Vec<_>>(&value)?),
        Ask::SwitchList { .. } => decided::switches(&view::<Vec<_>>(&value)?),
        Ask::Documents { folder, state, .. } => {
            let filtered = folder.is_some() || state.is_some();
            documents::documents(filtered, &view::<Vec<_>>(&value)?)
        }
        Ask::Why { .. } => documents::why(&view(&value)?),
        Ask::Deliveries(selection) => delivered::deliveries(selection, &view::<Vec<_>>(&value)?),
        Ask::Act { act, .. } => delivered::acted(*act, &view(&value)?),
        Ask::ResendDocument { .. } => {
            delivered::acted(crate::domain::delivery::Act::Resend, &view(&value)?)
        }
        Ask::Backfill { .. } => delivered::backfill(&view(&value)?),
        Ask::Invitations { .. } => invited::invitations(&view::<Vec<_>>(&value)?),
        Ask::Invitation { .. } | Ask::AcceptInvitation { .. } => {
            invited::invitation(&view(&value)?)
        }
        Ask::History { .. } => decided::history(&view::<Vec<_>>(&value)?),
        Ask::DecisionsExport => decided::toml(&view(&value)?),
        Ask::DecisionsDiff { .. } | Ask::DecisionsImport { .. } => decided::diff(&view(&value)?),
        Ask::SendTest { .. } => delivered::send_test(&view(&value)?),
        Ask::Export { .. } => firm::exported(&view(&value)?),
        Ask::Import { confirmed, .. } => firm::imported(*confirmed, &view(&value)?),
        Ask::Mails(ask) => mails::mails(ask, &value)?,
        Ask::CheckTree => firm::tree(&view(&value)?),
    })
}

fn view<T: DeserializeOwned>(value: &Value) -> anyhow::Result<T> {
    T::deserialize(value).map_err(|error| {
        anyhow::anyhow!(
            "the answer cannot be shown: {error}\nhint: the service may be of another version: \
             restart it"
        )
    })
}
