//! The command line for shells and for `man`, made from the same declarations as the help.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

/// Flags of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

impl Completions {
    /// The script that lets the shell complete commands and flags.
    pub fn script(&self) -> String {
        let mut script = Vec::new();
        let mut command = Cli::command();
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        String::from_utf8_lossy(&script).into_owned()
    }
}

/// The manual page of the program: its commands, and what holds for all of them.
pub fn page() -> String {
    let mut page = Vec::new();
    // a vector takes whatever it is given
    let _ = clap_mangen::Man::new(Cli::command()).render(&mut page);
    String::from_utf8_lossy(&page).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_page_and_every_shell_has_a_script() {
        let page = page();
        for command in Cli::command().get_subcommands() {
            assert!(page.contains(command.get_name()), "{}", command.get_name());
        }
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = Completions { shell }.script();
            assert!(script.contains("until-close") && script.contains("subledger"), "{shell}");
        }
    }
}
