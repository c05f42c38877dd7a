//! From a vendor's id to an `author/name` slug.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    clouds,
    vendors::{Naming, Vendor},
};

/// OpenRouter's slugs, found again under the names that vendors give the same models.
pub(super) struct Slugs {
    exact: BTreeSet<String>,
    /// `author` + letters and digits of the name → slug.
    by_author: BTreeMap<(String, String), String>,
    /// Letters and digits of the name → slugs of whatever author.
    tight: BTreeMap<String, BTreeSet<String>>,
    /// The same without words that say how a model is packed, not which it is.
    loose: BTreeMap<String, BTreeSet<String>>,
}

/// Vendors' names that no rule leads to the slug.
const RENAMED: [(&str, &str, &str); 31] = [
    (
        "cerebras",
        "llama3.1-8b",
        "meta-llama/llama-3.1-8b-instruct",
    ),
    (
        "deepinfra",
        "deepseek-ai/DeepSeek-V3",
        "deepseek/deepseek-chat",
    ),
    (
        "fireworks",
        "accounts/fireworks/models/deepseek-v3",
        "deepseek/deepseek-chat",
    ),
    (
        "together",
        "deepseek-ai/DeepSeek-V3",
        "deepseek/deepseek-chat",
    ),
    ("novita", "deepseek/deepseek_v3", "deepseek/deepseek-chat"),
    (
        "deepinfra",
        "Qwen/Qwen3-Coder-480B-A35B-Instruct",
        "qwen/qwen3-coder",
    ),
    (
        "deepinfra",
        "Qwen/Qwen3-Coder-480B-A35B-Instruct-Turbo",
        "qwen/qwen3-coder",
    ),
    (
        "together",
        "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8",
        "qwen/qwen3-coder",
    ),
    (
        "novita",
        "qwen/qwen3-coder-480b-a35b-instruct",
        "qwen/qwen3-coder",
    ),
    (
        "fireworks",
        "accounts/fireworks/models/qwen3-coder-480b-a35b-instruct",
        "qwen/qwen3-coder",
    ),
    ("deepseek", "deepseek-flash", "deepseek/deepseek-v4.1-flash"),
    (
        "together",
        "meta-models/Muse-Spark-Open-816B-A42B",
        "meta/muse-spark-open",
    ),
    (
        "together",
        "nvidia/NVIDIA-Nemotron-3.5-Super-VL",
        "nvidia/nemotron-3.5-super-vl",
    ),
    (
        "deepinfra",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
        "meta-llama/llama-4-maverick",
    ),
    (
        "groq",
        "llama-3.1-8b-instant",
        "meta-llama/llama-3.1-8b-instruct",
    ),
    (
        "groq",
        "llama-3.3-70b-versatile",
        "meta-llama/llama-3.3-70b-instruct",
    ),
    (
        "deepinfra",
        "meta-llama/Llama-4-Scout-17B-16E-Instruct",
        "meta-llama/llama-4-scout",
    ),
    (
        "together",
        "meta-llama/Llama-4-Scout-17B-16E-Instruct",
        "meta-llama/llama-4-scout",
    ),
    (
        "novita",
        "meta-llama/llama-4-scout-17b-16e-instruct",
        "meta-llama/llama-4-scout",
    ),
    (
        "novita",
        "meta-llama/llama-4-maverick-17b-128e-instruct-fp8",
        "meta-llama/llama-4-maverick",
    ),
    (
        "mistral",
        "deepseek-v4-1-flash-1017",
        "deepseek/deepseek-v4.1-flash-1017",
    ),
    ("mistral", "glm-5-2", "z-ai/glm-5.2"),
    ("mistral", "zai-glm-5-2", "z-ai/glm-5.2"),
    ("mistral", "zai-glm-5-3", "z-ai/glm-5.3"),
    ("mistral", "zai-glm-5-3-flash", "z-ai/glm-5.3-flash"),
    ("mistral", "open-mistral-nemo", "mistralai/mistral-nemo"),
    (
        "mistral",
        "open-mixtral-8x22b",
        "mistralai/mixtral-8x22b-instruct",
    ),
    (
        "mistral",
        "mistral-small-2506",
        "mistralai/mistral-small-3.2-24b-instruct",
    ),
    (
        "mistral",
        "mistral-medium-2505",
        "mistralai/mistral-medium-3",
    ),
    (
        "mistral",
        "mistral-medium-2508",
        "mistralai/mistral-medium-3.1",
    ),
    (
        "mistral",
        "mistral-medium-2604",
        "mistralai/mistral-medium-3-5",
    ),
];

/// Organisations on model hubs, with the author's name on our wire.
const AUTHORS: [(&str, &str); 19] = [
    ("arcee-ai", "arcee-ai"),
    ("bytedance", "bytedance-seed"),
    ("coherelabs", "cohere"),
    ("deepseek-ai", "deepseek"),
    ("liquidai", "liquid"),
    ("meta", "meta-llama"),
    ("meta-models", "meta"),
    ("minimaxai", "minimax"),
    ("mistral", "mistralai"),
    ("moonshot", "moonshotai"),
    ("nousresearch", "nousresearch"),
    ("sao10k", "sao10k"),
    ("stepfun-ai", "stepfun"),
    ("xai", "x-ai"),
    ("xiaomimimo", "xiaomi"),
    ("zai", "z-ai"),
    ("zai-org", "z-ai"),
    ("ibm-granite", "ibm-granite"),
    ("mistralai", "mistralai"),
];

/// First words of model names whose maker everyone knows.
const FAMILIES: [(&str, &str); 6] = [
    ("allam", "sdaia"),
    ("deepseek", "deepseek"),
    ("gemma", "google"),
    ("llama", "meta-llama"),
    ("qwen", "qwen"),
    ("whisper", "openai"),
];

const PACKING: [&str; 12] = [
    "instruct",
    "chat",
    "it",
    "hf",
    "basic",
    "versatile",
    "instant",
    "turbo",
    "fp8",
    "nvfp4",
    "tput",
    "meta",
];

impl Slugs {
    pub(super) fn new(slugs: impl Iterator<Item = String>) -> Self {
        let mut index = Self {
            exact: BTreeSet::new(),
            by_author: BTreeMap::new(),
            tight: BTreeMap::new(),
            loose: BTreeMap::new(),
        };
        for slug in slugs {
            let Some((author, name)) = slug.split_once('/') else {
                continue;
            };
            index
                .by_author
                .insert((author.to_owned(), letters(name)), slug.clone());
            index
                .tight
                .entry(letters(name))
                .or_default()
                .insert(slug.clone());
            index
                .loose
                .entry(unpacked(name))
                .or_default()
                .insert(slug.clone());
            index.exact.insert(slug);
        }
        index
    }

    /// The slug of a vendor's model, if OpenRouter lists that model.
    pub(super) fn known(&self, vendor: &Vendor, upstream: &str) -> Option<String> {
        let renamed = |row: &&(&str, &str, &str)| row.0 == vendor.id && row.1 == upstream;
        if let Some((_, _, slug)) = RENAMED.iter().find(renamed) {
            return self.exact.contains(*slug).then(|| (*slug).to_owned());
        }
        if let Naming::Maker(author) = vendor.naming {
            let find = |name: &str| {
                self.by_author
                    .get(&(author.to_owned(), letters(name)))
                    .cloned()
            };
            return find(upstream).or_else(|| find(upstream.strip_suffix("-latest")?));
        }
        clouds::hub_names(vendor.id, upstream)
            .iter()
            .find_map(|name| self.hosted(name))
    }

    /// The slug of a model that a host calls so.
    fn hosted(&self, upstream: &str) -> Option<String> {
        let name = plain_name(upstream);
        let author = upstream.split_once('/').map(|(org, _)| author_of(org));
        let only =
            |found: Option<&BTreeSet<String>>| match found?.iter().collect::<Vec<_>>().as_slice() {
                [slug] => Some((*slug).clone()),
                _ => None,
            };
        author
            .and_then(|author| self.by_author.get(&(author, letters(&name))).cloned())
            .or_else(|| only(self.tight.get(&letters(&name))))
            .or_else(|| only(self.loose.get(&unpacked(&name))))
    }

    /// A slug for a model that OpenRouter does not list, where author and name are plain.
    pub(super) fn coined(vendor: &Vendor, upstream: &str) -> Option<String> {
        let lower = upstream.to_lowercase();
        let slug = match vendor.naming {
            Naming::Maker(author) => format!("{author}/{lower}"),
            Naming::Host => match lower.split_once('/') {
                Some((org, name)) => format!("{}/{name}", author_of(org)),
                None => {
                    let (_, author) = FAMILIES.iter().find(|(word, _)| lower.starts_with(word))?;
                    format!("{author}/{lower}")
                }
            },
            Naming::Known => return None,
        };
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_./".contains(&byte)
        };
        (slug.bytes().all(plain) && slug.matches('/').count() == 1).then_some(slug)
    }
}

/// A vendor's id without the date of its snapshot: `claude-opus-4-5-20251101`, `gpt-5-2025-08-07`.
pub(super) fn undated(upstream: &str) -> Option<&str> {
    let digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some((stem, tail)) = upstream.rsplit_once('-')
        && digits(tail, 8)
        && tail.starts_with("20")
    {
        return Some(stem);
    }
    let mut parts = upstream.rsplitn(4, '-');
    let (day, month, year, stem) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (digits(day, 2) && digits(month, 2) && digits(year, 4)).then_some(stem)
}

/// How the vendor packs the model, where its id says so: a word for the tag, and a quantization.
pub(super) fn packing(upstream: &str) -> (Option<&'static str>, Option<&'static str>) {
    let lower = upstream.to_lowercase();
    let ends = |word: &str| lower.rsplit(['-', '/']).next() == Some(word);
    for quantization in [
        "fp8", "nvfp4", "mxfp4", "fp4", "int4", "int8", "bf16", "fp16",
    ] {
        if ends(quantization) {
            return (Some(quantization), Some(quantization));
        }
    }
    for word in ["turbo", "fast"] {
        if ends(word) {
            return (Some(word), None);
        }
    }
    (None, None)
}

fn author_of(org: &str) -> String {
    let lower = org.to_lowercase();
    let known = AUTHORS.iter().find(|(hub, _)| *hub == lower);
    known.map_or(lower.clone(), |(_, author)| (*author).to_owned())
}

/// The last part of a path; `glm-5p3` and `llama-v3p1`, as Fireworks writes versions, become `glm-5.3` and `llama-3.1`.
fn plain_name(upstream: &str) -> String {
    let name = upstream
        .rsplit('/')
        .next()
        .unwrap_or(upstream)
        .to_lowercase()
        .replace("llama-v", "llama-");
    if !upstream.starts_with("accounts/fireworks/") {
        return name;
    }
    let bytes = name.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    name.char_indices()
        .map(|(at, letter)| {
            if letter == 'p' && digit(at.checked_sub(1)) && digit(at.checked_add(1)) {
                '.'
            } else {
                letter
            }
        })
        .collect()
}

fn letters(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

fn unpacked(name: &str) -> String {
    let lower = name.to_lowercase();
    lower
        .split(['-', '_'])
        .filter(|word| !PACKING.contains(word))
        .map(letters)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Slugs, packing, plain_name, undated};
    use crate::catalog::vendors::{VENDORS, Vendor};

    fn vendor(id: &str) -> &'static Vendor {
        VENDORS.iter().find(|vendor| vendor.id == id).unwrap()
    }

    #[test]
    fn a_vendors_id_leads_to_the_slug() {
        let slugs = Slugs::new(
            [
                "anthropic/claude-opus-4.5",
                "z-ai/glm-5.3",
                "qwen/qwen3-235b-a22b-2507",
                "meta-llama/llama-3.1-8b-instruct",
            ]
            .into_iter()
            .map(str::to_owned),
        );
        for (id, upstream, slug) in [
            (
                "anthropic",
                "claude-opus-4-5",
                Some("anthropic/claude-opus-4.5"),
            ),
            (
                "fireworks",
                "accounts/fireworks/models/glm-5p3",
                Some("z-ai/glm-5.3"),
            ),
            (
                "together",
                "Qwen/Qwen3-235B-A22B-Instruct-2507-tput",
                Some("qwen/qwen3-235b-a22b-2507"),
            ),
            (
                "groq",
                "llama-3.1-8b-instant",
                Some("meta-llama/llama-3.1-8b-instruct"),
            ),
            ("anthropic", "claude-opus-4", None),
        ] {
            assert_eq!(
                slugs.known(vendor(id), upstream).as_deref(),
                slug,
                "{upstream}"
            );
        }
    }

    #[test]
    fn a_snapshots_date_is_seen() {
        assert_eq!(undated("claude-opus-4-5-20251101"), Some("claude-opus-4-5"));
        assert_eq!(undated("gpt-5-2025-08-07"), Some("gpt-5"));
        assert_eq!(undated("gpt-4-0613"), None);
        assert_eq!(undated("mistral-large-2512"), None);
    }

    #[test]
    fn packing_is_read_off_the_end() {
        assert_eq!(
            packing("Qwen/Qwen3-Coder-Next-FP8"),
            (Some("fp8"), Some("fp8"))
        );
        assert_eq!(
            packing("MiniMaxAI/MiniMax-M2.7-Turbo"),
            (Some("turbo"), None)
        );
        assert_eq!(packing("openai/gpt-oss-120b"), (None, None));
        assert_eq!(
            plain_name("accounts/fireworks/models/llama-v3p1-8b"),
            "llama-3.1-8b"
        );
    }
}
