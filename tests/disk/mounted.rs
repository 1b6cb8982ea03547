//! A service that sees one of its folders on a disk of its own, in a mount namespace that ends with
//! it.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::firm::Firm;
use crate::trials::figures::Figures;

/// What lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    State,
    Documents,
}

impl Place {
    fn of(self, firm: &Firm) -> PathBuf {
        firm.path().join(match self {
            Self::State => "state",
            Self::Documents => "documents",
        })
    }
}

/// A service with a disk of its own; killed when the test ends.
pub(crate) struct Mounted {
    child: Child,
    /// The folder that is mounted.
    place: PathBuf,
    state: PathBuf,
}

impl Mounted {
    /// Mounts an empty disk over a folder (`PLACE` in the words for the shell), copies there what
    /// was in it, and starts the service. None where nobody may mount: `trial` tells so in the
    /// last lines of tests/run.
    pub(crate) fn start(
        firm: &Firm,
        place: Place,
        mount: &str,
        trial: &'static str,
    ) -> Option<Self> {
        let at = place.of(firm);
        let quoted = format!("'{}'", at.display());
        let mount = mount.replace("PLACE", &quoted);
        let probe = Command::new("unshare").args(["--mount", "sh", "-c", &mount]).output();
        if let Some(problem) = problem_of(probe) {
            publish(trial, Some(&problem));
            return None;
        }
        publish(trial, None);
        let aside = format!("'{}'", firm.path().join("aside").display());
        // The state moves to the disk, and a person says so: the tree is claimed anew.
        let claim = format!("'{}'", firm.path().join("documents/.facteur").display());
        let shell = format!(
            "cp -a {quoted} {aside} && {mount} && cp -a {aside}/. {quoted} && rm -f {claim} &&"
        );
        Some(Self::serve(firm, place, &shell))
    }

    /// Starts the service again on what is on the disk already.
    pub(crate) fn again(firm: &Firm, place: Place, mount: &str) -> Self {
        let quoted = format!("'{}'", place.of(firm).display());
        // A disk mounted anew has another identity: the tree is claimed anew for its state.
        let claim = format!("'{}'", firm.path().join("documents/.facteur").display());
        let shell = format!("{} && rm -f {claim} &&", mount.replace("PLACE", &quoted));
        Self::serve(firm, place, &shell)
    }

    fn serve(firm: &Firm, place: Place, shell: &str) -> Self {
        let mut command = behind(firm, shell, &["run"]);
        let child = command.stderr(Stdio::piped()).env("RUST_LOG", "info").spawn().unwrap();
        let (place, state) = (place.of(firm), firm.path().join("state"));
        let mut service = Self { child, place, state };
        while service.status(firm).is_none() {
            let ended = service.child.try_wait().unwrap();
            assert!(ended.is_none(), "the service ended: {:?}", service.ended());
        }
        service
    }

    /// The folder as the service sees it.
    pub(crate) fn inside(&self) -> PathBuf {
        self.seen(&self.place)
    }

    fn seen(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(path.strip_prefix("/").unwrap())
    }

    /// A command of the firm, where the service is.
    pub(crate) fn run(&self, firm: &Firm, words: &[&str]) -> Output {
        let program = env!("CARGO_BIN_EXE_facteur");
        let mut command = self.command(program);
        command.arg("--config").arg(firm.routes()).args(words).env("NO_COLOR", "1");
        command.output().unwrap()
    }

    /// Remounts the folder with these options.
    pub(crate) fn remount(&self, options: &str) {
        let mut command = self.command("mount");
        command.args(["-o", &format!("remount,{options}")]).arg(&self.place);
        let remounted = command.output().unwrap();
        assert!(remounted.status.success(), "{remounted:?}");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--target", &self.child.id().to_string(), program]);
        command.stdin(Stdio::null());
        command
    }

    /// `status`; none before the service answers.
    pub(crate) fn status(&self, firm: &Firm) -> Option<Value> {
        if !has_socket(&self.seen(&self.state)) {
            return None;
        }
        serde_json::from_slice(&self.run(firm, &["--json", "status"]).stdout).ok()
    }

    /// Waits until it ends by itself: its code, and its journal.
    pub(crate) fn ended(&mut self) -> (Option<i32>, String) {
        let mut journal = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut journal).unwrap();
        (self.child.wait().unwrap().code(), journal)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a command of the firm behind a shell's words: a limit, a mount.
pub(crate) fn behind(firm: &Firm, shell: &str, words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &format!("{shell} exec \"$@\"")]).arg("sh");
    if !shell.contains("mount") {
        command = Command::new("sh");
        command.args(["-c", &format!("{shell} exec \"$@\""), "sh"]);
    }
    command.arg(env!("CARGO_BIN_EXE_facteur")).arg("--config").arg(firm.routes()).args(words);
    command.stdin(Stdio::null()).env("NO_COLOR", "1").env_remove("FACTEUR_CONFIG");
    command
}

/// The kinds of the alarms of a status.
pub(crate) fn alarms(status: &Value) -> Vec<&str> {
    let alarms = status["alarms"].as_array().unwrap().iter();
    alarms.filter_map(|alarm| alarm["kind"].as_str()).collect()
}

/// Why something could not be mounted.
fn problem_of(probe: std::io::Result<Output>) -> Option<String> {
    match probe {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(said.lines().next().unwrap_or("mount failed").replace('"', "'"))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// Whether a trial was staged: tests/run tells of those that were not.
pub(crate) fn publish(trial: &'static str, problem: Option<&str>) {
    let mut figures = Figures::begin(trial, format!("cargo test --test disk {trial}"));
    figures.note("staged", problem.is_none());
    if let Some(problem) = problem {
        figures.note("because", problem);
    }
    figures.publish();
}

fn has_socket(folder: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket()))
}
