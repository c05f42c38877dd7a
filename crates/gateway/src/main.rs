//! `weir`: reads the command line and does what it says.

use std::process::ExitCode;

use clap::Parser as _;
use gateway::commands::Arguments;

/// Many small allocations, on one thread a core: what mimalloc is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Arguments::parse().run()
}
