//! What people and servers were told, and whether a store still holds it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use facteur::adapters::clock::SystemClock;
use facteur::adapters::store::Ledger;
use facteur::domain::delivery::{Delivery, State};
use facteur::ports::Clock as _;
use facteur::ports::store::{DeliveryFilter, Store as _};

use crate::journal::Record;

/// `connect` said that it is done.
pub(crate) const CONNECTED: &str = "connected";

/// `switch on` said that it is on.
pub(crate) const SWITCHED: &str = "switched";

/// `import` said that it is done.
pub(crate) const IMPORTED: &str = "imported";

/// The mail server got the final dot of this mail.
pub(crate) fn dotted(message_id: &str) -> String {
    format!("dotted {message_id}")
}

/// `deliveries` showed this.
pub(crate) fn shown(message_id: &str, state: &str) -> String {
    format!("shown {message_id} {state}")
}

/// All that was told so far.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    connected: bool,
    switched: bool,
    imported: bool,
    /// The last that was told of each delivery, by Message-ID.
    deliveries: BTreeMap<String, Told>,
    count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// It is there.
    Known,
    /// The server has its dot: it must not go again by itself.
    Dotted,
    /// It is sent.
    Sent,
}

impl Promises {
    /// Hears one more, where the record is one.
    pub(crate) fn hear(&mut self, record: &Record) {
        let Record::Promised { words } = record else { return };
        self.count += 1;
        let words: Vec<&str> = words.split(' ').collect();
        match words[..] {
            [CONNECTED] => self.connected = true,
            [SWITCHED] => self.switched = true,
            [IMPORTED] => self.imported = true,
            ["dotted", message_id] => self.tell(message_id, Told::Dotted),
            ["shown", message_id, "sent"] => self.tell(message_id, Told::Sent),
            ["shown", message_id, _] => self.tell(message_id, Told::Known),
            _ => panic!("{words:?} is no promise"),
        }
    }

    fn tell(&mut self, message_id: &str, told: Told) {
        let known = self.deliveries.entry(message_id.to_owned()).or_insert(told);
        *known = told.max(*known);
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether the store in a folder opens and holds all of them, as the robot finds it when it
    /// starts.
    pub(crate) async fn check(&self, state: &Path) -> Result<(), String> {
        let now = SystemClock.now();
        let opened = catch_unwind(AssertUnwindSafe(|| Ledger::open(state, now)));
        let ledger =
            opened.map_err(|_| "opening it panicked")?.map_err(|error| error.to_string())?;
        let unreadable = ledger.health().await.map_err(|error| error.to_string())?.unreadable;
        if !unreadable.is_empty() {
            return Err(format!("records cannot be read: {unreadable:?}"));
        }
        ledger.recover(now).await.map_err(|error| error.to_string())?;
        self.check_decisions(&ledger).await?;
        let all = DeliveryFilter::default();
        let found = ledger.deliveries(&all, None, usize::MAX).await;
        let found: BTreeMap<String, Delivery> = found
            .map_err(|error| error.to_string())?
            .into_iter()
            .map(|delivery| (delivery.message_id.clone(), delivery))
            .collect();
        self.deliveries.iter().try_for_each(|(message_id, told)| {
            let state = found.get(message_id).map(|delivery| delivery.state);
            let kept = match told {
                Told::Known => state.is_some(),
                Told::Dotted => matches!(state, Some(State::InDoubt | State::Sent)),
                Told::Sent => state == Some(State::Sent),
            };
            if kept { Ok(()) } else { Err(format!("{message_id} was {told:?}, and is {state:?}")) }
        })
    }

    async fn check_decisions(&self, ledger: &Ledger) -> Result<(), String> {
        let identity = ledger.identity().await.map_err(|error| error.to_string())?;
        if self.imported && identity.imported_at.is_none() {
            return Err("the import is lost".to_owned());
        }
        let companies = ledger.companies().await.map_err(|error| error.to_string())?;
        let Some(company) = companies.first() else {
            return if self.connected { Err("the company is lost".to_owned()) } else { Ok(()) };
        };
        let decided = ledger.decisions(company.id).await.map_err(|error| error.to_string())?;
        if self.connected && !decided.connections.values().any(|found| found.connected) {
            return Err("the connection is lost".to_owned());
        }
        if self.switched && !decided.switches.values().any(|switch| switch.on) {
            return Err("the switch is lost".to_owned());
        }
        Ok(())
    }
}
