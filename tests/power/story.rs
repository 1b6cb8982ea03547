//! A story as data: what the office does, step after step, and what must come of it.

use std::ops::RangeInclusive;

use chrono::TimeDelta;
use facteur::app::requests::{Ask, Selection, Turn};
use facteur::config::Config;
use facteur::domain::delivery::{Act, State};

use crate::office::DUPONT;
use crate::world::{self, Phase, Script, World, path};

/// The company's folder.
pub(crate) const FOLDER: &str = "Dupont Maçonnerie";

/// What happens in a story.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) config: Config,
    /// Mails at once. With one, the effects come in the same order at every telling.
    pub(crate) connections: usize,
    pub(crate) steps: Vec<Step>,
    pub(crate) expected: Vec<Expected>,
    /// Without a stop nothing is in doubt, and a stop in the middle of a mail leaves a doubt.
    pub(crate) knows_all: bool,
    /// A round that was cut off is not made again at once.
    pub(crate) impatient: bool,
    /// Short enough for every pair of stops.
    pub(crate) all_pairs: bool,
}

/// One step.
pub(crate) enum Step {
    /// The power may go from here on; from the first step on in a story without it.
    Begin,
    /// Somebody in the office, or the mail server: no effect of the robot.
    Outside(Box<dyn Fn(&World)>),
    /// Léa asks; when the power went meanwhile, she asks again.
    Ask(Ask),
    /// While the next mail is at this phase, something happens outside, and Léa asks.
    Meanwhile(Meanwhile),
    /// A quarter of an hour passes, then a round.
    Round,
    /// Léa looks at the tool, and settles what is in doubt by what she sees there.
    Settle,
    /// The whole state to a file.
    Export,
    /// The whole state from that file.
    Import,
}

/// What happens beside a mail.
#[derive(Clone)]
pub(crate) struct Meanwhile {
    pub(crate) phase: Phase,
    pub(crate) outside: fn(&World),
    pub(crate) ask: Ask,
}

/// What must come of one document for one app.
pub(crate) struct Expected {
    /// Where it is at the end; none when it is not on the disk any more.
    pub(crate) path: Option<String>,
    pub(crate) app: &'static str,
    pub(crate) content: String,
    /// Copies with the tool once every doubt is settled.
    pub(crate) copies: RangeInclusive<usize>,
    /// What `documents` shows then.
    pub(crate) states: Vec<&'static str>,
    /// Copies where the power never goes, if that says more.
    pub(crate) calm_copies: Option<usize>,
}

impl Story {
    /// A firm with one company whose folder holds one old document.
    pub(crate) fn new(name: &'static str) -> Self {
        let story = Self {
            name,
            config: world::config(|_| ()),
            connections: 1,
            steps: Vec::new(),
            expected: Vec::new(),
            knows_all: true,
            impatient: false,
            all_pairs: false,
        };
        story.put("Achats/ancien.pdf", "old").stays("Achats/ancien.pdf", "quickbooks", "old")
    }

    /// The same, connected to quickbooks, with `Achats` switched on: it begins there.
    pub(crate) fn with_achats_on(name: &'static str) -> Self {
        let story = Self::new(name).connect("quickbooks").turn(Turn::On, "Achats", "quickbooks");
        story.step(Step::Begin)
    }

    /// The same, for two apps.
    pub(crate) fn with_two_apps(name: &'static str) -> Self {
        let story = Self::with_achats_on(name).connect("dext");
        story.turn(Turn::On, "Achats", "dext")
    }

    pub(crate) fn configured(mut self, tweak: impl FnOnce(&mut Config)) -> Self {
        tweak(&mut self.config);
        self
    }

    pub(crate) fn on_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Its doubts have other causes than the power, or are not left to a person.
    pub(crate) fn with_doubts(mut self) -> Self {
        self.knows_all = false;
        self
    }

    /// Every pair of stops is tried.
    pub(crate) fn with_all_pairs(mut self) -> Self {
        self.all_pairs = true;
        self
    }

    /// A round that was cut off is not made again at once: life goes on.
    pub(crate) fn impatient(mut self) -> Self {
        self.impatient = true;
        self
    }

    /// Something outside the robot.
    pub(crate) fn outside(mut self, act: impl Fn(&World) + 'static) -> Self {
        self.steps.push(Step::Outside(Box::new(act)));
        self
    }

    /// A document with this content.
    pub(crate) fn put(self, document: &str, content: &str) -> Self {
        let (place, bytes) = (place(document), bytes(content));
        self.outside(move |world| world.disk.write(&place, &bytes))
    }

    /// Another file under a known name.
    pub(crate) fn replace(self, document: &str, content: &str) -> Self {
        let (place, bytes) = (place(document), bytes(content));
        self.outside(move |world| world.disk.replace(&place, &bytes))
    }

    /// `mv`, into a folder that is made where there is none.
    pub(crate) fn rename(self, from: &str, to: &str) -> Self {
        let (from, to) = (place(from), place(to));
        self.outside(move |world| {
            world.disk.mkdir(&path(&to).parent().unwrap_or_default().to_string());
            world.disk.rename(&from, &to);
        })
    }

    /// The next mail meets this.
    pub(crate) fn next_mail(self, script: Script) -> Self {
        self.outside(move |world| world.post.next(script))
    }

    /// Time passes.
    pub(crate) fn wait(self, minutes: i64) -> Self {
        self.outside(move |world| world.clock.advance(TimeDelta::minutes(minutes)))
    }

    pub(crate) fn ask(mut self, ask: Ask) -> Self {
        self.steps.push(Step::Ask(ask));
        self
    }

    pub(crate) fn connect(self, app: &str) -> Self {
        self.connect_to(app, None)
    }

    pub(crate) fn connect_to(self, app: &str, to: Option<&str>) -> Self {
        let (company, app) = (FOLDER.to_owned(), app.to_owned());
        let to = to.map(str::to_owned);
        self.ask(Ask::Connect { company, app, to, from: None, inbox: None })
    }

    pub(crate) fn turn(self, turn: Turn, folder: &str, app: &str) -> Self {
        self.ask(turning(turn, folder, app))
    }

    /// While the next mail is at this phase, something happens outside, and Léa asks; the story
    /// must ask again later, in case the power went meanwhile.
    pub(crate) fn meanwhile(mut self, phase: Phase, outside: fn(&World), ask: Ask) -> Self {
        self.steps.push(Step::Meanwhile(Meanwhile { phase, outside, ask }));
        self
    }

    /// What was expected last comes in so many copies where the power never goes.
    pub(crate) fn calmly(mut self, copies: usize) -> Self {
        let last = self.expected.last_mut().expect("something was expected");
        last.calm_copies = Some(copies);
        self
    }

    pub(crate) fn act(self, act: Act, state: State) -> Self {
        let selection = Selection { state: Some(state), ..Selection::default() };
        self.ask(Ask::Act { act, selection, confirmed: true })
    }

    pub(crate) fn round(mut self) -> Self {
        self.steps.push(Step::Round);
        self
    }

    pub(crate) fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The document reaches the app once.
    pub(crate) fn once(self, document: &str, app: &'static str, content: &str) -> Self {
        self.expect(Some(document), app, content, 1..=1, &["sent"])
    }

    /// The document never leaves for the app.
    pub(crate) fn stays(self, document: &str, app: &'static str, content: &str) -> Self {
        self.expect(Some(document), app, content, 0..=0, &["before_activation"])
    }

    /// Nothing is expected of this document any more.
    pub(crate) fn forget(mut self, document: &str) -> Self {
        self.expected.retain(|expected| expected.path.as_deref() != Some(document));
        self
    }

    pub(crate) fn expect(
        mut self,
        document: Option<&str>,
        app: &'static str,
        content: &str,
        copies: RangeInclusive<usize>,
        states: &[&'static str],
    ) -> Self {
        let path = document.map(str::to_owned);
        let (content, states) = (content.to_owned(), states.to_vec());
        let calm_copies = None;
        self.expected.push(Expected { path, app, content, copies, states, calm_copies });
        self
    }
}

/// What turns a switch of the company.
pub(crate) fn turning(turn: Turn, folder: &str, app: &str) -> Ask {
    Ask::Switch {
        turn,
        company: Some(DUPONT.to_owned()),
        folder: path(folder),
        app: app.to_owned(),
        inbox: None,
        preview: false,
    }
}

/// Where a document of the company is on the disk.
pub(crate) fn place(document: &str) -> String {
    format!("{FOLDER}/{document}")
}

/// The bytes that a content stands for.
pub(crate) fn bytes(content: &str) -> Vec<u8> {
    format!("%PDF {content}").into_bytes()
}
