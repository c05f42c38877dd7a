//! A plan as one line of text, small enough to stand in the record of every request, and read back to explain it.
//!
//! `@openai/gpt-4o openai=drawn:700 azure/eastus=drawn:300 -together=zdr!`: the model of those that follow it; endpoints
//! in the order in which they are tried, each with why it stands there; those that may not serve, with why not, and a
//! mark where the house says so. Words of a later version are kept as they are.

use canon::Sort;

use super::{Excluded, Plan, Reason, Target, Why};
use crate::{
    catalog::{Lane, Modality, Parameter},
    terms::{Full, Limit},
};

/// What names an endpoint in a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// `deepinfra/turbo`.
    pub tag: &'a str,
    /// `author/slug`.
    pub model: &'a str,
}

/// One endpoint of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Who.
    pub name: Name<'a>,
    /// Where it stands, and why.
    pub place: Place<'a>,
}

/// Where an endpoint stands, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// In the order; `None` where the word is of another version.
    In(Option<Why>, &'a str),
    /// Not in it; whether the house says so.
    Out(Option<Reason>, &'a str, bool),
}

/// Writes a plan. An endpoint without a name is left out; there is none in a plan for the catalogue that names it.
pub fn write<'a>(plan: &Plan, name: impl Fn(usize) -> Option<Name<'a>>) -> String {
    /// `-` + tag + `=` + word, for most.
    const STEP_BYTES: usize = 32;
    let steps = plan.targets.len() + plan.excluded.len();
    let mut trail = Trail {
        text: String::with_capacity((steps + 1) * STEP_BYTES),
        model: "",
    };
    for Target { endpoint, why, .. } in &plan.targets {
        if let Some(name) = name(*endpoint) {
            trail.begin("", name);
            let (word, detail) = word_of(*why);
            trail.end(word, detail);
        }
    }
    for Excluded {
        endpoint,
        reason,
        by_house,
    } in &plan.excluded
    {
        if let Some(name) = name(*endpoint) {
            trail.begin("-", name);
            let (word, detail) = word_of_reason(*reason);
            trail.end(word, detail);
            if *by_house {
                trail.text.push('!');
            }
        }
    }
    trail.text
}

/// Reads a trail.
pub fn read(trail: &str) -> impl Iterator<Item = Step<'_>> {
    let mut model = "";
    trail.split_ascii_whitespace().filter_map(move |word| {
        if let Some(named) = word.strip_prefix('@') {
            model = named;
            return None;
        }
        let (tag, word) = word.rsplit_once('=')?;
        let (tag, place) = match tag.strip_prefix('-') {
            None => (tag, Place::In(why(word), word)),
            Some(tag) => {
                let bare = word.strip_suffix('!');
                let by_house = bare.is_some();
                let word = bare.unwrap_or(word);
                (tag, Place::Out(reason(word), word, by_house))
            }
        };
        let name = Name { tag, model };
        Some(Step { name, place })
    })
}

/// A trail under way.
struct Trail<'a> {
    text: String,
    model: &'a str,
}

/// What stands behind a word.
enum Detail {
    None,
    Number(u64),
    Word(&'static str),
}

impl<'a> Trail<'a> {
    fn begin(&mut self, mark: &str, name: Name<'a>) {
        if self.model != name.model {
            self.model = name.model;
            self.space();
            self.text.push('@');
            self.text.push_str(name.model);
        }
        self.space();
        self.text.push_str(mark);
        self.text.push_str(name.tag);
        self.text.push('=');
    }

    fn end(&mut self, word: &str, detail: Detail) {
        self.text.push_str(word);
        match detail {
            Detail::None => {}
            Detail::Word(detail) => {
                self.text.push(':');
                self.text.push_str(detail);
            }
            Detail::Number(number) => {
                self.text.push(':');
                push_number(&mut self.text, number);
            }
        }
    }

    fn space(&mut self) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
    }
}

/// Every request has a handful of numbers in its trail, so the digits are made by hand: last digit first.
fn push_number(text: &mut String, number: u64) {
    let mut digits = [b'0'; 20];
    let (mut rest, mut start) = (number, digits.len());
    for place in digits.iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    let digits = digits.get(start..).unwrap_or_default();
    text.push_str(std::str::from_utf8(digits).unwrap_or("0"));
}

fn word_of(why: Why) -> (&'static str, Detail) {
    match why {
        Why::Ordered => ("ordered", Detail::None),
        Why::Stays { warm_tokens } => ("stays", Detail::Number(warm_tokens)),
        Why::Drawn { per_mille } => ("drawn", Detail::Number(per_mille.into())),
        Why::Sorted(sort) => ("sorted", Detail::Word(word_of_sort(sort))),
        Why::Unmeasured(sort) => ("unmeasured", Detail::Word(word_of_sort(sort))),
        Why::Slow => ("slow", Detail::None),
        Why::Shaky => ("shaky", Detail::None),
        Why::Resting => ("resting", Detail::None),
    }
}

fn why(word: &str) -> Option<Why> {
    let (word, detail) = word.split_once(':').unwrap_or((word, ""));
    Some(match word {
        "ordered" => Why::Ordered,
        "stays" => Why::Stays {
            warm_tokens: detail.parse().ok()?,
        },
        "drawn" => Why::Drawn {
            per_mille: detail.parse().ok()?,
        },
        "sorted" => Why::Sorted(sort(detail)?),
        "unmeasured" => Why::Unmeasured(sort(detail)?),
        "slow" => Why::Slow,
        "shaky" => Why::Shaky,
        "resting" => Why::Resting,
        _ => return None,
    })
}

const fn word_of_sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Price => "price",
        Sort::Throughput => "throughput",
        Sort::Latency => "latency",
        Sort::Exacto => "exacto",
    }
}

fn sort(word: &str) -> Option<Sort> {
    const ALL: [Sort; 4] = [Sort::Price, Sort::Throughput, Sort::Latency, Sort::Exacto];
    ALL.into_iter().find(|sort| word_of_sort(*sort) == word)
}

fn word_of_reason(reason: Reason) -> (&'static str, Detail) {
    match reason {
        Reason::NotAdmitted(lane) => ("tier", Detail::Word(lane.name())),
        Reason::NotFlex => ("not-flex", Detail::None),
        Reason::Ended => ("ended", Detail::None),
        Reason::NotInOnly => ("only", Detail::None),
        Reason::Ignored => ("ignore", Detail::None),
        Reason::NotInOrder => ("order", Detail::None),
        Reason::LacksParameter(name) => ("requires", Detail::Word(name)),
        Reason::LacksPreferred(name) => ("prefers", Detail::Word(name)),
        Reason::CannotTake(kind) => ("takes-no", Detail::Word(kind)),
        Reason::CannotSearch => ("no-search", Detail::None),
        Reason::ContextTooShort(most) => ("context", Detail::Number(most)),
        Reason::OutputTooShort(most) => ("output", Detail::Number(most)),
        Reason::MayTrain => ("training", Detail::None),
        Reason::MayRetain => ("zdr", Detail::None),
        Reason::NotDistillable => ("distillable", Detail::None),
        Reason::Quantization => ("quantization", Detail::None),
        Reason::TooDear(kind) => ("max-price", Detail::Word(kind)),
        Reason::PriceUnknown(kind) => ("price-unknown", Detail::Word(kind)),
        Reason::Disabled => ("disabled", Detail::None),
        Reason::Full(full) => (full.limit.word(), Detail::Number(full.after_ms)),
    }
}

fn reason(word: &str) -> Option<Reason> {
    let (word, detail) = word.split_once(':').unwrap_or((word, ""));
    let parameter = || Parameter::named(detail).map(Parameter::name);
    let unit = || {
        const KINDS: [&str; 5] = ["prompt", "completion", "request", "image", "audio"];
        KINDS.into_iter().find(|kind| *kind == detail)
    };
    Some(match word {
        "tier" => Reason::NotAdmitted(Lane::named(detail)?),
        "not-flex" => Reason::NotFlex,
        "ended" => Reason::Ended,
        "only" => Reason::NotInOnly,
        "ignore" => Reason::Ignored,
        "order" => Reason::NotInOrder,
        "requires" => Reason::LacksParameter(parameter()?),
        "prefers" => Reason::LacksPreferred(parameter()?),
        "takes-no" => Reason::CannotTake(Modality::named(detail)?.name()),
        "no-search" => Reason::CannotSearch,
        "context" => Reason::ContextTooShort(detail.parse().ok()?),
        "output" => Reason::OutputTooShort(detail.parse().ok()?),
        "training" => Reason::MayTrain,
        "zdr" => Reason::MayRetain,
        "distillable" => Reason::NotDistillable,
        "quantization" => Reason::Quantization,
        "max-price" => Reason::TooDear(unit()?),
        "price-unknown" => Reason::PriceUnknown(unit()?),
        "disabled" => Reason::Disabled,
        _ => Reason::Full(Full {
            limit: Limit::named(word)?,
            after_ms: detail.parse().ok()?,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [Name<'static>; 3] = [
        Name {
            tag: "openai",
            model: "openai/gpt-4o",
        },
        Name {
            tag: "azure/eastus",
            model: "openai/gpt-4o",
        },
        Name {
            tag: "together",
            model: "meta/llama",
        },
    ];

    fn target(endpoint: usize, why: Why) -> Target {
        let rank = 0;
        Target {
            endpoint,
            rank,
            why,
        }
    }

    fn every_why() -> Vec<Why> {
        let sorts = [Sort::Price, Sort::Throughput, Sort::Latency, Sort::Exacto];
        let mut all = vec![Why::Ordered, Why::Slow, Why::Shaky, Why::Resting];
        all.extend([0, 1, 333, 1_000].map(|per_mille| Why::Drawn { per_mille }));
        all.push(Why::Stays { warm_tokens: 4_096 });
        all.extend(sorts.map(Why::Sorted));
        all.extend(sorts.map(Why::Unmeasured));
        all
    }

    fn every_reason() -> Vec<Reason> {
        let mut all = vec![
            Reason::NotFlex,
            Reason::Ended,
            Reason::NotInOnly,
            Reason::Ignored,
            Reason::NotInOrder,
            Reason::CannotTake("image"),
            Reason::CannotSearch,
            Reason::ContextTooShort(8_192),
            Reason::OutputTooShort(u64::MAX),
            Reason::MayTrain,
            Reason::MayRetain,
            Reason::NotDistillable,
            Reason::Quantization,
            Reason::Disabled,
            Reason::Full(Full {
                limit: Limit::Tokens,
                after_ms: 59_999,
            }),
            Reason::TooDear("prompt"),
            Reason::PriceUnknown("audio"),
        ];
        all.extend(Lane::ALL.iter().copied().map(Reason::NotAdmitted));
        for parameter in Parameter::ALL {
            all.push(Reason::LacksParameter(parameter.name()));
            all.push(Reason::LacksPreferred(parameter.name()));
        }
        all
    }

    fn plan(targets: Vec<Target>, excluded: Vec<Excluded>) -> Plan {
        Plan {
            targets,
            excluded,
            stay: None,
            next: 0,
        }
    }

    #[test]
    fn every_place_and_every_reason_is_read_as_it_was_written() {
        for why in every_why() {
            let text = write(&plan(vec![target(1, why)], vec![]), |at| {
                NAMES.get(at).copied()
            });
            let steps: Vec<Step<'_>> = read(&text).collect();
            let [Step { name, place }] = steps.as_slice() else {
                panic!("{text}");
            };
            assert_eq!(*name, NAMES[1]);
            assert!(
                matches!(place, Place::In(Some(read), _) if *read == why),
                "{text}"
            );
        }
        for (reason, by_house) in every_reason()
            .into_iter()
            .zip([true, false].into_iter().cycle())
        {
            let excluded = Excluded {
                endpoint: 2,
                reason,
                by_house,
            };
            let text = write(&plan(vec![], vec![excluded]), |at| NAMES.get(at).copied());
            let steps: Vec<Step<'_>> = read(&text).collect();
            let [Step { name, place }] = steps.as_slice() else {
                panic!("{text}");
            };
            assert_eq!(*name, NAMES[2]);
            let Place::Out(Some(read), _, house) = place else {
                panic!("{text}");
            };
            assert_eq!((*read, *house), (reason, by_house), "{text}");
        }
    }

    #[test]
    fn a_model_is_named_where_it_changes() {
        let targets = vec![
            target(0, Why::Drawn { per_mille: 700 }),
            target(1, Why::Shaky),
            target(2, Why::Sorted(Sort::Price)),
        ];
        let excluded = vec![Excluded {
            endpoint: 0,
            reason: Reason::MayRetain,
            by_house: true,
        }];
        let text = write(&plan(targets, excluded), |at| NAMES.get(at).copied());
        assert_eq!(
            text,
            "@openai/gpt-4o openai=drawn:700 azure/eastus=shaky @meta/llama together=sorted:price \
             @openai/gpt-4o -openai=zdr!"
        );
        assert_eq!(read(&text).count(), 4);
    }

    #[test]
    fn words_of_another_version_are_kept() {
        let text = "@a/b one=teleported:3 -two=cursed! nonsense";
        let steps: Vec<Place<'_>> = read(text).map(|step| step.place).collect();
        assert_eq!(
            steps,
            [
                Place::In(None, "teleported:3"),
                Place::Out(None, "cursed", true)
            ]
        );
    }
}
