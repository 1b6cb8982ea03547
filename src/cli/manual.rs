//! The manual page: the help of every command, as roff.

use std::io::{self, Write};

use clap::CommandFactory as _;

use super::args::Words;

/// Writes one page with all commands.
pub(super) fn write(page: &mut dyn Write) -> io::Result<()> {
    let mut command = Words::command();
    command.build();
    let manual = clap_mangen::Man::new(command.clone());
    manual.render_title(page)?;
    manual.render_name_section(page)?;
    manual.render_synopsis_section(page)?;
    manual.render_description_section(page)?;
    manual.render_options_section(page)?;
    page.write_all(b".SH COMMANDS\n")?;
    commands(&command, page)?;
    manual.render_extra_section(page)?;
    manual.render_version_section(page)
}

fn commands(parent: &clap::Command, page: &mut dyn Write) -> io::Result<()> {
    for command in parent.get_subcommands().filter(|command| command.get_name() != "help") {
        if command.has_subcommands() {
            commands(command, page)?;
        } else {
            one_command(command, page)?;
        }
    }
    Ok(())
}

fn one_command(command: &clap::Command, page: &mut dyn Write) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace('\n', " ");
    let about = command.get_long_about().or(command.get_about());
    writeln!(page, ".SS {}", roff(name))?;
    writeln!(
        page,
        "\\fB{}\\fR\n.PP",
        roff(usage.split_whitespace().collect::<Vec<_>>().join(" ").as_str())
    )?;
    writeln!(page, "{}", roff(&about.map(ToString::to_string).unwrap_or_default()))?;
    let own = command.get_arguments().filter(|argument| !argument.is_global_set());
    for argument in own.filter(|argument| argument.get_id() != "help") {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let plain = argument.to_string();
        writeln!(page, ".TP\n\\fB{}\\fR\n{}", roff(&plain), roff(&help))?;
    }
    if let Some(examples) = command.get_after_help() {
        writeln!(page, ".PP\n.nf\n{}\n.fi", roff(&examples.to_string()))?;
    }
    Ok(())
}

/// Backslashes, hyphens that people copy, and lines that would be commands of roff.
fn roff(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    let line = |line: &str| {
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
    };
    escaped.lines().map(line).collect::<Vec<_>>().join("\n")
}
