//! The pages of `docs/` that are written from code: what each pair of dialects cannot carry, and what became of the
//! recorded traffic. A page that is not as the code would write it fails here; `cargo x dialects` and
//! `cargo x corpus` write them anew.

mod answered;
mod asked;
mod conformance;
mod features;
mod losses;
mod matrix;
mod openrouter;

pub(crate) use features::Sheet;

use std::fs;
use std::path::Path;

/// Where it is set, pages are written instead of compared.
const VARIABLE: &str = "WEIR_WRITE_PAGES";

/// Compares a page of `docs/` with what it should be, or writes it.
fn assert_page(name: &str, command: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own variable, not the product's"
    )]
    let is_written = std::env::var(VARIABLE).is_ok();
    if is_written {
        fs::write(&path, wanted).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let mut lines = found.lines().zip(wanted.lines()).enumerate();
    let first = lines.find(|(_, (found, wanted))| found != wanted);
    let (number, (found_line, wanted_line)) = first.unwrap_or_default();
    assert!(
        found == wanted,
        "docs/{name} is stale, write it anew with `{command}`; line {}:\n  it says   {found_line}\n  should be {wanted_line}",
        number + 1
    );
}
