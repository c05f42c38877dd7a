//! `weir serve`: runs the gateway until SIGTERM, then drains.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Args;

use super::{ConfigFile, DataFolder, block_on, terminal, warned};
use crate::{
    app::App,
    config::{self, Config, env},
    server, telemetry,
};

/// Run the gateway.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  weir serve
  weir serve --config /etc/weir.toml --data /var/lib/weir
  weir serve --listen 0.0.0.0:7300")]
pub(super) struct Serve {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    data: DataFolder,
    /// Where to listen [default: 127.0.0.1:7300]; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// The database, sqlite:PATH [default: weir.db in the data folder]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let arguments = config::Arguments {
            config: self.file.config,
            data: self.data.data,
            listen: self.listen,
            database: self.database,
        };
        let config = warned(Config::load(&arguments, &env::Process)?);
        telemetry::begin(&config.log)?;
        let folder: PathBuf = config.data.folder.clone();
        let app = block_on(async { Ok(App::open(config).await?) })
            .with_context(|| format!("cannot start with the data in {}", folder.display()))?;
        server::run(&Arc::new(app), |address| {
            // Whoever started us may have closed our output; that is no reason not to serve.
            drop(terminal::say(&format!("weir is ready at http://{address}")));
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
