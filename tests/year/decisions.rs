//! What the firm decides, and what its people do about what waits for them.

use facteur::app::requests::{Ask, Selection, Turn};
use facteur::app::views::{CompanyView, DeliveryView};
use facteur::domain::delivery::{Act, DeliveryId};
use facteur::ports::store::Store as _;
use sha2::{Digest as _, Sha256};

use crate::firm::Firm;
use crate::oracle::{APPS, By, Copy, Want, accepts};
use crate::papers::FOLDERS;
use crate::world::path;

impl Firm {
    /// One decision.
    pub(crate) fn decide(&mut self) {
        let Some(slug) = self.some_company() else { return };
        let app = *self.chance.one(&APPS);
        match self.chance.below(12) {
            0..=2 => self.connect(&slug, app),
            3..=7 => self.turn(&slug, app),
            8 if self.chance.percent(30) => self.disconnect(&slug, app),
            9 => self.back_fill(&slug, app),
            10 if self.chance.percent(30) => self.readdress(app),
            _ => self.resolve_renames(),
        }
    }

    /// The first connection of a company takes its baseline.
    pub(crate) fn connect(&mut self, slug: &str, app: &str) {
        let ask = Ask::Connect {
            company: slug.to_owned(),
            app: app.to_owned(),
            to: None,
            from: None,
            inbox: None,
        };
        if self.demand(&ask).is_some() && self.oracle.known.insert(slug.to_owned()) {
            self.oracle.observed(slug, "", By::Baseline);
        }
        self.read_decisions();
    }

    /// On, off or clear: what is in the folder now is judged by the switches that were.
    pub(crate) fn turn(&mut self, slug: &str, app: &str) {
        let turn = *self.chance.one(&[Turn::On, Turn::On, Turn::On, Turn::Off, Turn::Clear]);
        let folder = *self.chance.one(&FOLDERS);
        self.turn_folder(slug, app, turn, folder);
    }

    pub(crate) fn turn_folder(&mut self, slug: &str, app: &str, turn: Turn, folder: &str) {
        let ask = Ask::Switch {
            turn,
            company: Some(slug.to_owned()),
            folder: path(folder),
            app: app.to_owned(),
            inbox: None,
            preview: false,
        };
        let done = self.demand(&ask).is_some();
        // An observation comes first, and may have noticed a renamed folder.
        let former = self.oracle.decided.clone();
        if done && self.oracle.known.contains(slug) {
            self.oracle.observed(slug, "", By::Decision);
        }
        self.read_decisions();
        if former != self.oracle.decided {
            self.oracle.relax(|(of, _, _)| of == slug);
        }
    }

    fn disconnect(&mut self, slug: &str, app: &str) {
        self.demand(&Ask::Disconnect { company: slug.to_owned(), app: app.to_owned() });
        self.read_decisions();
        self.oracle.relax(|(of, to, _)| of == slug && to == app);
    }

    fn readdress(&mut self, app: &str) {
        let domain = if app == "dext" { "dext.cc" } else { "qbodocs.com" };
        let to = format!("{{slug}}.{}@{domain}", self.step);
        self.demand(&Ask::Readdress { app: app.to_owned(), to, confirmed: true });
    }

    /// Everything in a folder that the app takes and never got is asked for.
    fn back_fill(&mut self, slug: &str, app: &str) {
        // Nobody asks for older documents while the ledger doesn't know which of them went.
        if !self.copies_before.is_empty() {
            return;
        }
        let folder = *self.chance.one(&FOLDERS);
        let ask = Ask::Backfill {
            company: slug.to_owned(),
            folder: path(folder),
            app: app.to_owned(),
            since: None,
            until: None,
            confirmed: true,
        };
        if self.demand(&ask).is_none() {
            return;
        }
        self.oracle.observed(slug, folder, By::Decision);
        let asked: Vec<(Copy, Want)> = self
            .oracle
            .trees
            .get_mut(slug)
            .into_iter()
            .flatten()
            .filter(|(path, file)| {
                let inside = folder.is_empty() || path.starts_with(&format!("{folder}/"));
                // What can't be read is known by its look, and goes when it can be.
                inside && accepts(app, path) && (file.seen.is_some() || file.hidden)
            })
            .map(|(_, file)| {
                file.asked = true;
                let want = if file.hidden || file.blurred { Want::May } else { Want::Must };
                ((slug.to_owned(), app.to_owned(), file.content.clone()), want)
            })
            .collect();
        for (copy, want) in asked {
            self.oracle.raise(copy, want, true);
        }
        self.read_decisions();
    }

    /// Somebody says where the switches of renamed folders belong.
    pub(crate) fn resolve_renames(&mut self) {
        let renamed: Vec<(String, String)> = self
            .oracle
            .decided
            .switches
            .iter()
            .filter(|(_, (_, to))| to.is_some())
            .map(|((slug, _, folder), _)| (slug.clone(), folder.clone()))
            .collect();
        for (slug, folder) in renamed {
            let follow = self.chance.percent(50);
            let ask = Ask::SwitchResolve { follow, company: slug.clone(), folder: path(&folder) };
            if self.demand(&ask).is_some() {
                self.oracle.observed(&slug, "", By::Decision);
            }
            self.oracle.relax(|(of, _, _)| *of == slug);
            self.read_decisions();
        }
    }

    /// What waits for a person: who looks at the tool settles, releases or cancels by what is
    /// there.
    pub(crate) fn attend(&mut self) {
        for delivery in self.deliveries() {
            let there = self.is_there(&delivery.recipient, &delivery.sha256);
            let reason = delivery.reason.as_deref();
            let act = match delivery.state.as_str() {
                "in_doubt" if there => Act::SettleSent,
                "in_doubt" => Act::SettleNotSent,
                "held" if reason == Some("after_import") && there => Act::Cancel,
                "held" if reason == Some("folder_renamed") => continue,
                "held" if reason == Some("missing") && !self.is_on_disk(&delivery) => Act::Cancel,
                // Re-addressed while the same content went to the new address by another one.
                "held" if reason == Some("rule") && self.has_arrived(&delivery) => Act::Cancel,
                "held" => Act::Release,
                "refused" if !there => Act::Retry,
                "deferred" if self.chance.percent(30) => Act::Retry,
                _ => continue,
            };
            let told = format!(
                "{} of {} {:?} {}",
                delivery.state, delivery.company, reason, delivery.path
            );
            self.tell(told);
            if act == Act::Cancel {
                self.oracle.relax(|(of, _, content)| {
                    *of == delivery.company
                        && hex::encode(Sha256::digest(content)) == delivery.sha256
                });
            }
            let selection = Selection { ids: vec![delivery.id], ..Selection::default() };
            self.demand(&Ask::Act { act, selection, confirmed: true });
        }
    }

    /// Held companies: somebody has looked, and accepts what is there.
    pub(crate) fn accept_roots(&mut self) {
        let companies: Vec<CompanyView> = self.look(&Ask::Companies);
        let held = companies.into_iter().filter(|company| company.held.is_some());
        let mut held: Vec<String> = held.map(|company| company.slug).collect();
        held.retain(|slug| !self.away.contains(slug) && self.oracle.known.contains(slug));
        for slug in held {
            let selection = Selection {
                company: Some(slug.clone()),
                reason: Some(facteur::domain::delivery::HeldReason::RootChanged),
                ..Selection::default()
            };
            self.demand(&Ask::Act { act: Act::Release, selection, confirmed: true });
            self.oracle.unordinary.insert(slug.clone());
            self.oracle.relax(|(of, _, _)| *of == slug);
        }
    }

    /// Whether a tool has the content of a delivery, at whichever address.
    pub(crate) fn has_arrived(&self, delivery: &DeliveryView) -> bool {
        let mut arrived = self.oracle.arrived.iter();
        arrived.any(|(slug, app, content)| {
            *slug == delivery.company
                && *app == delivery.app
                && hex::encode(Sha256::digest(content)) == delivery.sha256
        })
    }

    fn is_on_disk(&self, delivery: &DeliveryView) -> bool {
        let place = format!("{}/{}", self.folders[&delivery.company], delivery.path);
        self.away.contains(&delivery.company) || self.office.world.disk.exists(&place)
    }

    /// Whether a tool has these bytes.
    pub(crate) fn is_there(&self, recipient: &str, sha256: &str) -> bool {
        let server = self.office.world.post.delivered();
        server.iter().any(|mail| {
            mail.mail.recipient.as_str() == recipient
                && hex::encode(Sha256::digest(&mail.bytes)) == sha256
        })
    }

    /// How often the record says that a delivery was sent again on purpose.
    pub(crate) fn announced(&self, id: &str) -> usize {
        let id = DeliveryId(id.parse().unwrap());
        let found = futures::executor::block_on(self.office.ledger.delivery(id)).unwrap();
        let events = found.into_iter().flat_map(|delivery| delivery.events);
        events.filter(|event| event.what == "queued" && event.because.starts_with("resend")).count()
    }
}
