//! `rstack completions` and `rstack man`: text made from the definition of the command line.

use std::io;

use clap::Args;

use crate::context::Context;
use rstack_model::ErrorCode;

use crate::error::CommandError;
use crate::exit::Exit;

/// The arguments of `rstack completions`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

/// Prints a completion script for the program.
pub(crate) fn completions(
    context: &Context,
    args: &CompletionsArgs,
    mut program: clap::Command,
) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "rstack", &mut script);
    context.terminal.own_text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the manual page of the program: one section for each command.
pub(crate) fn manual(context: &Context, mut program: clap::Command) -> Result<Exit, CommandError> {
    program.build();
    let page = page(&program).map_err(|error| {
        CommandError::io(ErrorCode::Internal, "the manual page cannot be made", &error)
    })?;
    context.terminal.own_text(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}

fn page(program: &clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    for inner in
        program.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
    {
        let name = format!("rstack {}", inner.get_name());
        page.extend(format!(".SH {}\n", name.to_uppercase()).into_bytes());
        let man = clap_mangen::Man::new(inner.clone().bin_name(name));
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    Ok(page)
}
