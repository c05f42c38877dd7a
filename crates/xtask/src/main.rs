//! `cargo x`: the project's own tools.

mod catalog;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((command, rest)) if command == "catalog" => catalog::run(rest),
        _ => bail!("usage: cargo x catalog [--check]"),
    }
}
