//! A working day of the real binary, with everything it does to its state written down.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use crate::journal::{self, Pen, Record};
use crate::promises;
use crate::trials::firm::{APP, COMPANY, Firm, said};
use crate::trials::sink::{Moment, Sink};

/// Documents of each life of the service.
const DOCUMENTS: u64 = 12;

/// Parts in which they are deposited.
const PARTS: u64 = 2;

/// Lives of the service; the last one ends well.
const LIVES: u64 = 3;

/// The longest wait for a mail.
const MAIL_WAIT_MAX: Duration = Duration::from_secs(20);

/// Compiles the library that writes down; none where there is no compiler.
pub(crate) fn shim() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power_loss/drop.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("power_loss_drop.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"]);
    let compiled = compiler.arg(&library).arg(source).args(["-ldl", "-lpthread"]).output();
    match compiled {
        Ok(output) => {
            assert!(output.status.success(), "{}", said(&output));
            Some(library)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("cannot start the C compiler: {error}"),
    }
}

/// What was written down.
pub(crate) struct Recording {
    journal: PathBuf,
}

impl Recording {
    /// Connects, switches on, sends documents through several kills of the service, exports and
    /// imports.
    pub(crate) fn of_a_working_day(shim: &Path) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let journal = folder.join(format!("power_loss_{}.journal", std::process::id()));
        drop(std::fs::remove_file(&journal));
        let pen = Pen::to(&journal);
        let sink = Sink::watched_by(move |moment| match moment {
            Moment::Dotted(message_id) => pen.promise(&promises::dotted(message_id)),
            Moment::Begun | Moment::Answered => {}
        });
        let mut day = Day {
            firm: Firm::new(&sink, "hold"),
            sink,
            shim,
            pen: Pen::to(&journal),
            journal: &journal,
        };
        day.decide();
        for life in 1..=LIVES {
            day.live(life == LIVES);
        }
        day.export_and_import();
        Self { journal }
    }

    /// All that was done, in its order.
    pub(crate) fn records(&self) -> Vec<Record> {
        journal::read(&self.journal)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.journal));
    }
}

struct Day<'a> {
    firm: Firm,
    sink: Sink,
    shim: &'a Path,
    pen: Pen,
    journal: &'a Path,
}

impl Day<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.firm.command(words);
        command.env("LD_PRELOAD", self.shim);
        command.env("FACTEUR_DISK", self.firm.state()).env("FACTEUR_JOURNAL", self.journal);
        command
    }

    /// Runs a command to its end; answers its JSON.
    fn json(&self, words: &[&str]) -> serde_json::Value {
        let output = self.command(words).arg("--json").output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{words:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn decide(&self) {
        self.json(&["connect", COMPANY, APP]);
        self.pen.promise(promises::CONNECTED);
        self.json(&["switch", "on", COMPANY, "Achats", "--app", APP]);
        self.pen.promise(promises::SWITCHED);
    }

    fn live(&mut self, ends_well: bool) {
        self.sink.skip_moments();
        let mut service = self.firm.spawn_as(self.command(&["run"]));
        for part in 1..=PARTS {
            self.firm.deposit(DOCUMENTS / PARTS);
            self.wait_for_mails(DOCUMENTS / PARTS - u64::from(part == PARTS && !ends_well));
            self.promise_what_is_shown();
        }
        if ends_well {
            terminate(&service);
        } else {
            service.kill().unwrap();
        }
        service.wait().unwrap();
        self.promise_what_is_shown();
    }

    fn wait_for_mails(&self, mut count: u64) {
        while count > 0 {
            let moment = self.sink.moment(MAIL_WAIT_MAX);
            let moment = moment.unwrap_or_else(|| panic!("no mail came: {}", self.firm.log()));
            count -= u64::from(matches!(moment, Moment::Dotted(_)));
        }
    }

    fn promise_what_is_shown(&self) {
        for delivery in self.json(&["deliveries"]).as_array().unwrap() {
            let word = |key: &str| delivery[key].as_str().unwrap();
            self.pen.promise(&promises::shown(word("message_id"), word("state")));
        }
    }

    fn export_and_import(&self) {
        let file = self.firm.path().join("export.facteur");
        self.json(&["export", file.to_str().unwrap()]);
        self.json(&["import", file.to_str().unwrap(), "--yes"]);
        self.pen.promise(promises::IMPORTED);
        self.promise_what_is_shown();
    }
}

fn terminate(service: &Child) {
    let pid = rustix::process::Pid::from_child(service);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}
