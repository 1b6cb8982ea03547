//! What the generator knows must, may and must not reach each tool: the rules R4, R6, R7 once
//! more, written from the firm's side and without the robot.
//!
//! A document is judged when it is first surely observed, by the switches of that moment. Where
//! something came between that leaves either answer right, it *may* go.

use std::collections::{BTreeMap, BTreeSet};

/// The bytes of a document.
pub(crate) type Content = Vec<u8>;

/// For one tool of one company, one content.
pub(crate) type Copy = (String, String, Content);

/// Whether a content is to reach a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    /// No: it was there before, or no switch is on.
    Never,
    /// Either is right.
    May,
    /// Yes.
    Must,
}

/// A file of the tree, as the office knows it.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that don't exclude one another")]
pub(crate) struct File {
    pub(crate) content: Content,
    /// Where it was when it was last surely observed, with what it held.
    pub(crate) seen: Option<Sight>,
    /// How often in a row it was observed so. Seen once it may still be written to: what replaces
    /// it then is the same document, grown.
    pub(crate) sights: usize,
    /// Something happened to it that leaves either answer right.
    pub(crate) blurred: bool,
    /// It was asked for: what replaces it before it went goes in its place.
    pub(crate) asked: bool,
    /// It came from another company.
    pub(crate) travelled: bool,
    /// The robot may not read it.
    pub(crate) hidden: bool,
    /// When it was last touched, in steps of the year.
    pub(crate) touched: usize,
}

/// A file as it was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) path: String,
    pub(crate) content: Content,
}

/// What observed a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Its first connection: everything was there before.
    Baseline,
    /// A decision, which may come the moment after another look.
    Decision,
    /// A round.
    Round,
}

/// What the firm has decided, as it sees it listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    /// Slug and app.
    pub(crate) connected: BTreeSet<(String, String)>,
    /// Slug, app and folder: on or off, and where the folder was seen instead.
    pub(crate) switches: BTreeMap<(String, String, String), (bool, Option<String>)>,
}

/// What rules a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    Off,
    On,
    /// Its switched folder was renamed: a person is asked.
    Unclear,
}

impl Decided {
    /// Whether the same is decided for a company.
    pub(crate) fn is_same_for(&self, slug: &str, other: &Self) -> bool {
        let switches = |decided: &Self| {
            let own = decided.switches.iter().filter(|((of, _, _), _)| of == slug);
            own.map(|(place, state)| (place.clone(), state.clone())).collect::<Vec<_>>()
        };
        switches(self) == switches(other)
    }

    /// What rules a document at this path (relative to its company).
    pub(crate) fn ruling(&self, slug: &str, app: &str, path: &str) -> Ruling {
        if !self.connected.contains(&(slug.to_owned(), app.to_owned())) {
            return Ruling::Off;
        }
        let own = self.switches.iter().filter(|((of, to, _), _)| of == slug && to == app);
        let covers = |folder: &str| folder.is_empty() || path.starts_with(&format!("{folder}/"));
        let mut nearest: Option<(usize, Ruling)> = None;
        for ((_, _, folder), (on, renamed)) in own {
            let ruling = match (on, renamed) {
                (_, Some(_)) => Ruling::Unclear,
                (true, None) => Ruling::On,
                (false, None) => Ruling::Off,
            };
            for place in std::iter::once(folder).chain(renamed) {
                if covers(place) && nearest.is_none_or(|(length, _)| length <= place.len()) {
                    nearest = Some((place.len(), ruling));
                }
            }
        }
        nearest.map_or(Ruling::Off, |(_, ruling)| ruling)
    }
}

/// The generator's memory of one company's tree and of everything that may have left it.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// By slug, then by path relative to the company.
    pub(crate) trees: BTreeMap<String, BTreeMap<String, File>>,
    pub(crate) wants: BTreeMap<Copy, Want>,
    pub(crate) decided: Decided,
    /// What is with its tool.
    pub(crate) arrived: BTreeSet<Copy>,
    /// Companies whose baseline was taken.
    pub(crate) known: BTreeSet<String>,
    /// Companies whose next observation is not an ordinary one.
    pub(crate) unordinary: BTreeSet<String>,
}

/// The apps of the year, with whether they take a name.
pub(crate) const APPS: [&str; 2] = ["quickbooks", "dext"];

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether it is no document yet, by its name or for want of bytes.
pub(crate) fn is_unfinished(path: &str, file: &File) -> bool {
    file.content.is_empty() || ending(path) == "part"
}

pub(crate) fn accepts(app: &str, path: &str) -> bool {
    ending(path) == "pdf" || (app == "dext" && ending(path) == "docx")
}

impl Oracle {
    pub(crate) fn want(&self, slug: &str, app: &str, content: &Content) -> Want {
        let copy = (slug.to_owned(), app.to_owned(), content.clone());
        self.wants.get(&copy).copied().unwrap_or(Want::Never)
    }

    /// At least this; what must go already must go still. What may be kept back is not asked for
    /// anew by its being `moved`: its delivery was cancelled, perhaps.
    pub(crate) fn raise(&mut self, copy: Copy, want: Want, moved: bool) {
        let known = self.wants.entry(copy).or_insert(Want::Never);
        if *known == Want::Never || !moved {
            *known = (*known).max(want);
        }
    }

    /// What must have gone and has not may be kept back now.
    pub(crate) fn relax(&mut self, fits: impl Fn(&Copy) -> bool) {
        for (copy, want) in &mut self.wants {
            if *want == Want::Must && fits(copy) && !self.arrived.contains(copy) {
                *want = Want::May;
            }
        }
    }

    /// A company was surely observed, below this folder, under the decisions known now.
    pub(crate) fn observed(&mut self, slug: &str, folder: &str, by: By) {
        let (baseline, round) = (by == By::Baseline, by == By::Round);
        let ordinary = !self.unordinary.contains(slug);
        let Some(tree) = self.trees.get_mut(slug) else { return };
        let mut raised = Vec::new();
        for (path, file) in tree {
            let inside = folder.is_empty() || path.starts_with(&format!("{folder}/"));
            if !inside || is_unfinished(path, file) {
                continue;
            }
            if file.hidden {
                // Known by its look, perhaps: whether it was there before can't be told here. It
                // is owed to the switch that is on now, if that look was the first.
                file.blurred = true;
                for app in APPS.iter().filter(|_| !baseline) {
                    let want = judge(&self.decided, slug, app, path, file).min(Want::May);
                    let copy = (slug.to_owned(), (*app).to_owned(), file.content.clone());
                    raised.push((copy, want, file.seen.is_some()));
                }
                continue;
            }
            for app in APPS.iter().filter(|_| !baseline) {
                let want = match judge(&self.decided, slug, app, path, file) {
                    Want::Must if !ordinary => Want::May,
                    want => want,
                };
                let copy = (slug.to_owned(), (*app).to_owned(), file.content.clone());
                raised.push((copy, want, file.seen.is_some()));
            }
            file.blurred = false;
            let sight = Sight { path: path.clone(), content: file.content.clone() };
            let same = file.seen.as_ref() == Some(&sight);
            file.sights = if same { file.sights + usize::from(round) } else { 1 };
            file.seen = Some(sight);
        }
        for (copy, want, moved) in raised {
            self.raise(copy, want, moved);
        }
        if folder.is_empty() && !self.trees[slug].values().any(|file| file.hidden) {
            self.unordinary.remove(slug);
        }
    }
}

fn judge(decided: &Decided, slug: &str, app: &str, path: &str, file: &File) -> Want {
    let here = if accepts(app, path) { decided.ruling(slug, app, path) } else { Ruling::Off };
    let fresh = match here {
        Ruling::Off => return Want::Never,
        Ruling::Unclear => return Want::May,
        Ruling::On if file.blurred => return Want::May,
        Ruling::On => Want::Must,
    };
    let Some(sight) = &file.seen else { return fresh };
    match (sight.path == path, sight.content == file.content) {
        (true, true) => Want::Never,
        // Another file under a known name: a person is asked, and releases it. Written in place
        // it may not be noticed at once.
        (true, false) => Want::Must,
        (false, true) => match decided.ruling(slug, app, &sight.path) {
            Ruling::On => Want::Never,
            Ruling::Unclear => Want::May,
            Ruling::Off => fresh,
        },
        (false, false) => Want::May,
    }
}
