//! `weir check`: says every fault of a configuration, and changes nothing.

use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, terminal, warned};
use crate::config::{self, Config, env};

/// Read the configuration and say every fault, with its place and what is allowed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir check --config /etc/weir.toml && systemctl restart weir")]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let arguments = config::Arguments {
            config: self.file.config,
            ..config::Arguments::default()
        };
        let config = match Config::load(&arguments, &env::Process) {
            Ok(loaded) => warned(loaded),
            Err(problems) => {
                terminal::complain(&problems.to_string());
                return Ok(ExitCode::FAILURE);
            }
        };
        // What can only be said of all settings together: whether the providers can be called as configured.
        crate::snapshot::Snapshot::of(&config, Vec::new())?;
        let providers: Vec<_> = config.providers.keys().map(AsRef::as_ref).collect();
        let providers = match providers.as_slice() {
            [] => "no provider is enabled".to_owned(),
            some => format!("providers: {}", some.join(", ")),
        };
        terminal::say(&format!("the configuration is sound; {providers}"))?;
        Ok(ExitCode::SUCCESS)
    }
}
