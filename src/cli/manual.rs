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

/// Flags of `man`.
#[derive(Debug, Args)]
pub struct Manual {
    /// The command, such as `close` or `accounts list` [default: the program as a whole]
    pub command: Vec<String>,
}

impl Manual {
    /// The manual page of a command, or of the program: its commands, and what holds for all of them. Nothing if there is no such
    /// command.
    pub fn page(&self) -> Option<String> {
        let mut command = Cli::command();
        command.build();
        for name in &self.command {
            command = command.find_subcommand(name)?.clone();
        }
        let mut page = Vec::new();
        // a vector takes whatever it is given
        let _ = clap_mangen::Man::new(command).render(&mut page);
        Some(String::from_utf8_lossy(&page).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_page_and_every_shell_has_a_script() {
        let page = |words: &[&str]| Manual { command: words.iter().map(ToString::to_string).collect() }.page();
        let whole = page(&[]).unwrap();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(whole.contains(name), "{name}");
            assert!(page(&[name]).unwrap().contains(&format!("subledger\\-{name}")), "{name}");
        }
        assert!(page(&["accounts", "list"]).is_some() && page(&["accounts", "lost"]).is_none());
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = Completions { shell }.script();
            assert!(script.contains("until-close") && script.contains("subledger"), "{shell}");
        }
    }
}
