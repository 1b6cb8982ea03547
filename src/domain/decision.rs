//! What the firm decided: connections and switches, and which of them rules a folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::deposit::Cause;
use super::path::TreePath;
use super::profile::AppId;
use super::template::Address;

/// An app authorised at a company (R3), with the addresses fixed for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// False once disconnected; kept for the record.
    pub connected: bool,
    /// The bot's address.
    pub sender: Address,
    /// The tool's address; none where every inbox has its own.
    pub recipient: Option<Address>,
    /// The inbox that `--inbox` named, for switches that name none.
    pub inbox: Option<String>,
    /// The address of each inbox.
    pub inboxes: BTreeMap<String, Address>,
    /// When it was made or last changed.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

impl Connection {
    /// Where a document of a switch with this inbox goes. None: the inbox has no address here.
    pub fn recipient_for(&self, inbox: Option<&str>) -> Option<&Address> {
        match inbox.or(self.inbox.as_deref()) {
            Some(name) => self.inboxes.get(name),
            None => self.recipient.as_ref(),
        }
    }
}

/// One decision about one folder and one app (R4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// On, or an exception.
    pub on: bool,
    /// Counts every turning-on of the state: off and on again is another activation.
    pub activation: u64,
    /// Which address of the tool, where it has several.
    pub inbox: Option<String>,
    /// When it was turned.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Which folder it was turned on for, as the disk tells folders apart; none when the folder
    /// did not exist then. Filled when the folder is first observed.
    pub identity: Option<super::directory::Fingerprint>,
    /// Set while nobody knows whether the switch follows its renamed folder: where the folder is
    /// now. Deposits at both places are held meanwhile.
    pub renamed_to: Option<TreePath>,
}

/// All decisions of one company.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Decisions {
    /// By app.
    pub connections: BTreeMap<AppId, Connection>,
    /// By app and folder.
    #[serde(with = "pairs")]
    pub switches: BTreeMap<(AppId, TreePath), Switch>,
}

/// What rules one folder for one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// Never connected, or disconnected.
    NotConnected,
    /// No switch above it, or the nearest is off.
    Off,
    /// On, by the switch of this folder.
    On(&'a TreePath, &'a Switch),
    /// Nobody knows: a switched folder was renamed; either place is held.
    Renamed(&'a TreePath, &'a Switch),
}

/// Whether what was once decided still stands for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// It may go.
    Covered,
    /// Nobody knows: its switched folder was renamed.
    Renamed,
    /// Its switch or its connection is off, or was turned off and on again since.
    Off,
}

impl Decisions {
    /// Whether a document in `folder` may still go to `app` by `cause`: its back-fill's connection
    /// stands, or the very turning-on that queued it does and no exception came between. Another
    /// switch turned on nearer to it takes nothing away, nor does moving it elsewhere: it is owed.
    pub fn coverage(&self, app: &AppId, folder: &TreePath, cause: &Cause) -> Coverage {
        let ruling = self.ruling(app, folder);
        let (deposited_in, queued_by) = match cause {
            _ if ruling == Ruling::NotConnected => return Coverage::Off,
            Cause::Backfill { .. } => return Coverage::Covered,
            Cause::Switch { folder, activation, .. } => (folder, *activation),
        };
        let Some((place, switch)) =
            self.switches_of(app).find(|(_, switch)| switch.on && switch.activation == queued_by)
        else {
            return Coverage::Off;
        };
        let renamed_to = switch.renamed_to.as_ref();
        let inside = folder.is_within(place) || renamed_to.is_some_and(|to| folder.is_within(to));
        match ruling {
            Ruling::NotConnected | Ruling::Off if inside => Coverage::Off,
            Ruling::On(_, nearest) if inside && nearest.activation != queued_by => {
                Coverage::Covered
            }
            Ruling::NotConnected | Ruling::Off | Ruling::On(..) | Ruling::Renamed(..) => {
                if renamed_to.is_some() {
                    Coverage::Renamed
                } else if !inside && deposited_in != place && folder.is_within(deposited_in) {
                    // Still where it came while the folder was renamed, and the switch went the
                    // other way.
                    Coverage::Off
                } else {
                    Coverage::Covered
                }
            }
        }
    }

    /// The nearest decision up the tree of `folder` rules (R4); a switched folder that was
    /// renamed rules both its places as [`Ruling::Renamed`].
    pub fn ruling<'a>(&'a self, app: &AppId, folder: &TreePath) -> Ruling<'a> {
        if !self.connections.get(app).is_some_and(|connection| connection.connected) {
            return Ruling::NotConnected;
        }
        match self.nearest(app, folder) {
            Some((place, switch)) if switch.on && switch.renamed_to.is_some() => {
                Ruling::Renamed(place, switch)
            }
            Some((place, switch)) if switch.on => Ruling::On(place, switch),
            Some(_) | None => Ruling::Off,
        }
    }

    /// The nearest decision up the tree of `folder`, on or off, with the place it was made for.
    pub fn nearest<'a>(
        &'a self,
        app: &AppId,
        folder: &TreePath,
    ) -> Option<(&'a TreePath, &'a Switch)> {
        self.switches_of(app)
            .flat_map(|(place, switch)| {
                let moved = switch.renamed_to.as_ref().map(|moved| (moved, place, switch));
                std::iter::once((place, place, switch)).chain(moved)
            })
            .filter(|(covered, _, _)| folder.is_within(covered))
            .max_by_key(|(covered, place, _)| (covered.as_bytes().len(), covered == place))
            .map(|(_, place, switch)| (place, switch))
    }

    /// The switches of one app.
    pub fn switches_of<'a>(
        &'a self,
        app: &AppId,
    ) -> impl Iterator<Item = (&'a TreePath, &'a Switch)> {
        let app = app.clone();
        self.switches
            .iter()
            .filter(move |((owner, _), _)| *owner == app)
            .map(|((_, folder), switch)| (folder, switch))
    }
}

/// One change of decisions, as one transaction with its consequences and its line in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// A connection made or re-addressed.
    Connect {
        /// The app.
        app: AppId,
        /// What it is from now on.
        connection: Connection,
    },
    /// A connection ended, with all its switches.
    Disconnect {
        /// The app.
        app: AppId,
    },
    /// A switch turned on or off.
    Turn {
        /// The app.
        app: AppId,
        /// The folder.
        folder: TreePath,
        /// On, or an exception.
        on: bool,
        /// Which address of the tool.
        inbox: Option<String>,
        /// See [`Switch::identity`].
        identity: Option<super::directory::Fingerprint>,
    },
    /// Back to inheriting.
    Clear {
        /// The app.
        app: AppId,
        /// The folder.
        folder: TreePath,
    },
    /// A switched folder was seen at another place (by the robot).
    Renamed {
        /// The app.
        app: AppId,
        /// The switch's folder.
        folder: TreePath,
        /// Where it is now.
        to: TreePath,
    },
    /// The switch goes with its renamed folder.
    Follow {
        /// The app.
        app: AppId,
        /// The switch's folder.
        folder: TreePath,
    },
    /// The switch stays at its place, for the new folder there.
    Stay {
        /// The app.
        app: AppId,
        /// The switch's folder.
        folder: TreePath,
        /// The folder that is there now, if any.
        identity: Option<super::directory::Fingerprint>,
    },
    /// The folder of a switch was observed for the first time.
    Identify {
        /// The app.
        app: AppId,
        /// The switch's folder.
        folder: TreePath,
        /// The folder that is there now.
        identity: super::directory::Fingerprint,
    },
}

impl Decision {
    /// The app it is about, and the folder where it is about one.
    pub fn subject(&self) -> (&AppId, Option<&TreePath>) {
        match self {
            Self::Connect { app, .. } | Self::Disconnect { app } => (app, None),
            Self::Turn { app, folder, .. }
            | Self::Clear { app, folder }
            | Self::Renamed { app, folder, .. }
            | Self::Follow { app, folder }
            | Self::Stay { app, folder, .. }
            | Self::Identify { app, folder, .. } => (app, Some(folder)),
        }
    }

    /// Its word in the history.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Disconnect { .. } => "disconnect",
            Self::Turn { on: true, .. } => "switch on",
            Self::Turn { on: false, .. } => "switch off",
            Self::Clear { .. } => "switch clear",
            Self::Renamed { .. } => "folder renamed",
            Self::Follow { .. } => "switch follow",
            Self::Stay { .. } => "switch stay",
            Self::Identify { .. } => "folder observed",
        }
    }
}

/// One line of the history of decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What, in the words of the command line: `connect`, `switch on`, ….
    pub what: String,
    /// The company's slug.
    pub company: Option<super::slug::Slug>,
    /// The folder, for switches.
    pub folder: Option<TreePath>,
    /// The app.
    pub app: Option<AppId>,
    /// More, in words: addresses, counts.
    pub detail: String,
}

mod pairs {
    //! A map with a pair as its key, as a list of triples: JSON keys are texts.
    use super::{AppId, BTreeMap, Switch, TreePath};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<(AppId, TreePath), Switch>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.iter().map(|((app, folder), switch)| (app, folder, switch)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<(AppId, TreePath), Switch>, D::Error> {
        let list = Vec::<(AppId, TreePath, Switch)>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|(app, folder, switch)| ((app, folder), switch)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppId {
        AppId::parse("quickbooks").unwrap()
    }

    fn decisions(switches: &[(&str, bool, Option<&str>)]) -> Decisions {
        let at = Timestamp::from_timestamp(0, 0).unwrap();
        let connection = Connection {
            connected: true,
            sender: Address::parse("a@firm.example").unwrap(),
            recipient: Some(Address::parse("b@tool.example").unwrap()),
            inbox: None,
            inboxes: BTreeMap::new(),
            at,
            by: "lea".to_owned(),
        };
        let switch = |on, renamed_to: Option<&str>| Switch {
            on,
            activation: 1,
            inbox: None,
            at,
            by: "lea".to_owned(),
            identity: None,
            renamed_to: renamed_to.map(|path| path.parse().unwrap()),
        };
        Decisions {
            connections: BTreeMap::from([(app(), connection)]),
            switches: switches
                .iter()
                .map(|(folder, on, to)| ((app(), folder.parse().unwrap()), switch(*on, *to)))
                .collect(),
        }
    }

    fn word(ruling: Ruling<'_>) -> String {
        match ruling {
            Ruling::NotConnected => "not connected".to_owned(),
            Ruling::Off => "off".to_owned(),
            Ruling::On(by, _) => format!("on by {by}"),
            Ruling::Renamed(by, _) => format!("renamed {by}"),
        }
    }

    #[test]
    fn the_nearest_decision_rules() {
        let decided = decisions(&[
            ("Achats", true, None),
            ("Achats/Perso", false, None),
            ("Achats/Perso/Pro", true, None),
            ("Frais", true, Some("Frais 2025")),
        ]);
        let cases = [
            ("", "off"),
            ("Ventes", "off"),
            ("Achats", "on by Achats"),
            ("Achats 2025", "off"),
            ("Achats/2026/mai", "on by Achats"),
            ("Achats/Perso/x", "off"),
            ("Achats/Perso/Pro/x", "on by Achats/Perso/Pro"),
            ("Frais", "renamed Frais"),
            ("Frais 2025/x", "renamed Frais"),
        ];
        for (folder, expected) in cases {
            assert_eq!(
                word(decided.ruling(&app(), &folder.parse().unwrap())),
                expected,
                "{folder}"
            );
        }
        let other = AppId::parse("dext").unwrap();
        assert_eq!(word(decided.ruling(&other, &"Achats".parse().unwrap())), "not connected");
    }

    #[test]
    fn a_document_goes_by_the_activation_that_queued_it() {
        let mut decided = decisions(&[("Achats", true, None), ("Achats/Perso", false, None)]);
        let cause = |activation| Cause::Switch {
            folder: "Achats".parse().unwrap(),
            activation,
            at: Timestamp::from_timestamp(0, 0).unwrap(),
            by: "lea".to_owned(),
        };
        let covers = |decided: &Decisions, folder: &str, activation| {
            decided.coverage(&app(), &folder.parse().unwrap(), &cause(activation))
        };
        assert_eq!(covers(&decided, "Achats/2026", 1), Coverage::Covered);
        assert_eq!(covers(&decided, "Achats/2026", 7), Coverage::Off, "off and on again");
        assert_eq!(covers(&decided, "Achats/Perso", 1), Coverage::Off, "an exception");
        let nearer = Switch { activation: 2, ..decided.switches.values().next().unwrap().clone() };
        decided.switches.insert((app(), "Achats/2026".parse().unwrap()), nearer);
        assert_eq!(covers(&decided, "Achats/2026", 1), Coverage::Covered, "a nearer switch");
        assert_eq!(covers(&decided, "Traite", 1), Coverage::Covered, "moved out afterwards");
        let followed = decisions(&[("Achats 2025", true, None)]);
        assert_eq!(covers(&followed, "Achats 2025", 1), Coverage::Covered, "went with its folder");
        assert_eq!(covers(&followed, "Achats", 1), Coverage::Off, "came to the other place");
        decided.connections.get_mut(&app()).unwrap().connected = false;
        assert_eq!(covers(&decided, "Achats/2026", 1), Coverage::Off);
        let backfill = Cause::Backfill { by: "lea".to_owned() };
        let anywhere = "Ventes".parse().unwrap();
        assert_eq!(decided.coverage(&app(), &anywhere, &backfill), Coverage::Off);
        decided.connections.get_mut(&app()).unwrap().connected = true;
        assert_eq!(decided.coverage(&app(), &anywhere, &backfill), Coverage::Covered);
    }

    #[test]
    fn decisions_survive_their_record() {
        let decided = decisions(&[("Achats", true, None), ("B\\xe9", false, None)]);
        let text = serde_json::to_string(&decided).unwrap();
        assert_eq!(serde_json::from_str::<Decisions>(&text).unwrap(), decided);
    }
}
