//! `docs/dialects.md`: for every pair of dialects, what cannot be carried, and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dialects::{CALLED, Call, Dialect, SERVED, Serve};

use super::answered::{self, Heard};
use super::asked::{self, Fate};
use super::assert_page;
use super::features::Sheet;

/// Features that vanish without a word. Each is a fault to be mended; the list only ever gets shorter.
const SILENT: &[(&str, &str, &str)] = &[];

const HEAD: &str = "\
# What each pair of dialects can carry

Written by `cargo x dialects` from the codecs themselves; a test fails where this page and the code differ.

Weir reads what a caller sends in the dialect that the caller speaks, and writes it in the dialect of the vendor that serves.
`fixtures/features` has one sheet a dialect: a plain body and a patch for each thing the dialect can say. Every
patch goes through every pair. A feature counts as *carried* when the vendor is sent another body with it than without it
and nothing is declared lost; a feature that changes nothing and declares nothing fails the test, unless it rightly
means nothing to a vendor.

Losses of a request are named in the header `X-Weir-Loss` of the answer, where the caller asks for it.

";

#[test]
fn the_page_of_losses_is_as_the_codecs_say() {
    let mut page = HEAD.to_owned();
    requests(&mut page);
    answers(&mut page);
    assert_page("dialects.md", "cargo x dialects", &page);
}

#[test]
fn no_feature_of_a_request_vanishes_without_a_word() {
    let mut silent = Vec::new();
    for serve in SERVED {
        let sheet = sheet_of("requests", serve.dialect());
        for call in CALLED {
            for (feature, fate) in asked::fates(&sheet, *serve, *call) {
                let (from, to) = (serve.dialect().name(), call.dialect().name());
                if fate == Fate::Silent && !SILENT.contains(&(from, to, feature.name.as_str())) {
                    silent.push(format!("{from} to {to}: {}", feature.name));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

fn sheet_of(kind: &str, dialect: Dialect) -> Sheet {
    Sheet::read(kind, dialect)
        .unwrap_or_else(|| panic!("fixtures/features/{kind}/{dialect}.json is missing"))
}

// === requests ===

fn requests(page: &mut String) {
    page.push_str(
        "## Requests\n\nFeatures carried whole, of all; then lost in part / lost / refused.\n\n",
    );
    head_row(page, "from \\ to", CALLED.iter().map(|call| call.dialect()));
    let mut lists = String::new();
    for serve in SERVED {
        let sheet = sheet_of("requests", serve.dialect());
        write!(page, "| **{}** |", serve.dialect()).unwrap();
        for call in CALLED {
            let pair = Pair::of(&sheet, *serve, *call);
            write!(page, " {} |", pair.counts(sheet.len())).unwrap();
            writeln!(lists, "### {} to {}\n", serve.dialect(), call.dialect()).unwrap();
            lists.push_str(&pair.list());
        }
        page.push('\n');
    }
    page.push('\n');
    page.push_str(&lists);
}

/// What becomes of the features of one dialect towards another, by reason.
#[derive(Default)]
struct Pair {
    carried: usize,
    nothing: BTreeMap<String, Vec<String>>,
    partly: BTreeMap<String, Vec<String>>,
    lost: BTreeMap<String, Vec<String>>,
    refused: BTreeMap<String, Vec<String>>,
}

impl Pair {
    fn of(sheet: &Sheet, serve: &'static dyn Serve, call: &'static dyn Call) -> Self {
        let mut pair = Self::default();
        for (feature, fate) in asked::fates(sheet, serve, call) {
            let name = feature.name.clone();
            let put = |by: &mut BTreeMap<String, Vec<String>>, why: String| {
                by.entry(why).or_default().push(name.clone());
            };
            match fate {
                Fate::Carried => pair.carried += 1,
                Fate::Nothing(why) => put(&mut pair.nothing, why.to_owned()),
                Fate::Partly(losses) => put(&mut pair.partly, reasons(&losses)),
                Fate::Lost(losses) => put(&mut pair.lost, reasons(&losses)),
                Fate::Refused(why) => put(&mut pair.refused, why),
                Fate::Silent => put(&mut pair.lost, "without a word".to_owned()),
            }
        }
        pair
    }

    fn counts(&self, all: usize) -> String {
        let sum = |by: &BTreeMap<String, Vec<String>>| by.values().map(Vec::len).sum::<usize>();
        format!(
            "{} of {} ({} / {} / {})",
            self.carried,
            all - sum(&self.nothing),
            sum(&self.partly),
            sum(&self.lost),
            sum(&self.refused)
        )
    }

    fn list(&self) -> String {
        let mut text = String::new();
        let groups = [
            ("Refused", &self.refused),
            ("Lost", &self.lost),
            ("In part", &self.partly),
            ("No vendor's business", &self.nothing),
        ];
        for (title, by) in groups {
            for (why, names) in by {
                writeln!(text, "- {title}: {}: {why}", quoted(names)).unwrap();
            }
        }
        if text.is_empty() {
            text.push_str("- nothing is lost\n");
        }
        text.push('\n');
        text
    }
}

/// The reasons of a feature's losses, each once.
fn reasons(losses: &[dialects::Loss]) -> String {
    let mut whys: Vec<&str> = losses.iter().map(|loss| loss.why).collect();
    whys.dedup();
    whys.join("; ")
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("*{name}*")).collect();
    quoted.join(", ")
}

fn head_row(page: &mut String, corner: &str, dialects: impl Iterator<Item = Dialect>) {
    let names: Vec<&str> = dialects.map(Dialect::name).collect();
    writeln!(page, "| {corner} | {} |", names.join(" | ")).unwrap();
    writeln!(page, "|---|{}", "---|".repeat(names.len())).unwrap();
}

// === answers ===

fn answers(page: &mut String) {
    page.push_str(
        "## Answers\n\n\
         What a vendor's dialect can say and a caller's cannot. Every feature of an answer is read and served; one that\n\
         leaves the served body as it was is not heard at all, and one whose texts or numbers are missing in it is\n\
         heard in part. Features heard whole, of all; then in part / not at all.\n\n",
    );
    head_row(
        page,
        "vendor \\ caller",
        SERVED.iter().map(|serve| serve.dialect()),
    );
    let mut lists = String::new();
    for call in CALLED {
        let sheet = sheet_of("answers", call.dialect());
        write!(page, "| **{}** |", call.dialect()).unwrap();
        writeln!(lists, "### answers of {}\n", call.dialect()).unwrap();
        head_row(
            &mut lists,
            "feature",
            SERVED.iter().map(|serve| serve.dialect()),
        );
        let mut rows: Vec<String> = sheet
            .pairs()
            .map(|(feature, ..)| format!("| {} |", feature.name))
            .collect();
        for serve in SERVED {
            let (mut whole, mut partly, mut nothing) = (0, 0, 0);
            for ((_, heard), row) in answered::heard(&sheet, *call, *serve).zip(&mut rows) {
                let cell = match heard {
                    Heard::Whole => {
                        whole += 1;
                        "yes".to_owned()
                    }
                    Heard::Partly(missing) => {
                        partly += 1;
                        format!("without {}", missing.join(", "))
                    }
                    Heard::Nothing => {
                        nothing += 1;
                        "–".to_owned()
                    }
                    Heard::Failed(why) => {
                        whole += 1;
                        format!("an error: {why}")
                    }
                };
                write!(row, " {cell} |").unwrap();
            }
            write!(page, " {whole} of {} ({partly} / {nothing}) |", sheet.len()).unwrap();
        }
        page.push('\n');
        for row in rows {
            writeln!(lists, "{row}").unwrap();
        }
        lists.push('\n');
    }
    page.push('\n');
    page.push_str(lists.trim_end());
    page.push('\n');
}
