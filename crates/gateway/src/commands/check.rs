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
        let snapshot = crate::snapshot::Snapshot::of(&config, Vec::new())?;
        match crate::terms::check(&config, &snapshot.catalog) {
            Ok(warnings) => {
                for warning in warnings {
                    terminal::complain(&format!("warning: {warning}"));
                }
            }
            Err(problems) => {
                terminal::complain(&problems.to_string());
                return Ok(ExitCode::FAILURE);
            }
        }
        let providers: Vec<_> = config.providers.keys().map(AsRef::as_ref).collect();
        let providers = match providers.as_slice() {
            [] => "no provider is enabled".to_owned(),
            some => format!("providers: {}", some.join(", ")),
        };
        let terms = terms_of(&config);
        terminal::say(&format!("the configuration is sound; {providers}{terms}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// How many terms of the operator's there are, where there are any.
fn terms_of(config: &Config) -> String {
    let routing = &config.routing;
    let counts = [
        ("endpoint rules", routing.endpoints.len()),
        ("aliases", routing.aliases.len()),
        ("workspaces with terms", config.workspaces.len()),
    ];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    counts.fold(String::new(), |mut text, (what, count)| {
        text.push_str(&format!("; {what}: {count}"));
        text
    })
}
