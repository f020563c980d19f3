//! `rstack completions` and `rstack man`: text made from the definition of the command line.

use clap::CommandFactory;

use crate::args::Arguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Prints a completion script.
pub(crate) fn completions(
    shell: clap_complete::Shell,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "rstack", &mut script);
    terminal.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the manual page: one section for each command.
pub(crate) fn manual(terminal: &Terminal) -> Result<Exit, CliError> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(CliError::Output)?;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let name = format!("rstack {}", inner.get_name());
        page.extend(format!(".SH {}\n", name.to_uppercase()).into_bytes());
        let man = clap_mangen::Man::new(inner.clone().bin_name(name));
        man.render_synopsis_section(&mut page).map_err(CliError::Output)?;
        man.render_description_section(&mut page).map_err(CliError::Output)?;
        man.render_options_section(&mut page).map_err(CliError::Output)?;
    }
    terminal.text(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
