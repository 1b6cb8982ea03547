//! facteur's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    facteur::cli::main()
}
