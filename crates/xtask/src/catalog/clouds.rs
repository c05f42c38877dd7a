//! Clouds and hosts write other makers' ids in forms of their own; here they become `organisation/name`, as model hubs
//! write them, so that the slug is found again.

/// The ids of Amazon Bedrock that are asked anywhere begin so, those of the United States so; the rest belongs to
/// regions that only some accounts are in.
const ANYWHERE: &str = "global.";
const UNITED_STATES: &str = "us.";
const ELSEWHERE: [&str; 8] = ["us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "sa.", "in."];

/// What a vendor's id may be called on a model hub, the likelier names first; the id itself where the vendor writes it
/// as hubs do.
pub(super) fn hub_names(vendor: &str, upstream: &str) -> Vec<String> {
    match vendor {
        "amazon-bedrock" => bedrock(upstream),
        "google-vertex" => {
            let name = upstream.split('@').next().unwrap_or(upstream);
            vec![name.trim_end_matches("-maas").to_owned()]
        }
        "databricks" => vec![bare(upstream, "databricks-")],
        "cloudflare" => vec![bare(&bare(upstream, "@cf/"), "@hf/")],
        _ => vec![upstream.to_owned()],
    }
}

/// Whether the id is none that everybody can ask for: a copy in one region, or a price list's row for one.
pub(super) fn is_regional(vendor: &str, upstream: &str) -> bool {
    match vendor {
        "amazon-bedrock" => {
            upstream.contains('/') || ELSEWHERE.iter().any(|start| upstream.starts_with(start))
        }
        "azure" => upstream.contains('/'),
        _ => false,
    }
}

/// Which of several ids of a vendor for one model is asked: the lowest.
pub(super) fn preference(vendor: &str, upstream: &str) -> u8 {
    match vendor {
        "amazon-bedrock" if upstream.starts_with(ANYWHERE) => 0,
        "amazon-bedrock" if upstream.starts_with(UNITED_STATES) => 1,
        "amazon-bedrock" => 2,
        _ => 0,
    }
}

/// `us.anthropic.claude-opus-4-1-20250805-v1:0` → `anthropic/claude-opus-4-1-20250805-v1`, and without version and date.
fn bedrock(upstream: &str) -> Vec<String> {
    let id = bare(&bare(upstream, ANYWHERE), UNITED_STATES);
    let id = id.split(':').next().unwrap_or_default();
    let Some((organisation, name)) = id.split_once('.') else {
        return vec![id.to_owned()];
    };
    let stem = match name.rsplit_once("-v") {
        Some((stem, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => stem,
        _ => name,
    };
    let stem = super::naming::undated(stem).unwrap_or(stem);
    vec![
        format!("{organisation}/{name}"),
        format!("{organisation}/{stem}"),
    ]
}

/// An id of Bedrock without the area in which it is computed.
pub(super) fn without_area(upstream: &str) -> &str {
    let stem = upstream.strip_prefix(ANYWHERE);
    stem.or_else(|| upstream.strip_prefix(UNITED_STATES))
        .unwrap_or(upstream)
}

fn bare(text: &str, start: &str) -> String {
    text.strip_prefix(start).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clouds_id_becomes_the_name_that_hubs_know() {
        for (vendor, upstream, name) in [
            (
                "amazon-bedrock",
                "us.anthropic.claude-opus-4-1-20250805-v1:0",
                "anthropic/claude-opus-4-1",
            ),
            (
                "amazon-bedrock",
                "amazon.nova-pro-v1:0",
                "amazon/nova-pro-v1",
            ),
            (
                "amazon-bedrock",
                "anthropic.claude-opus-4-7",
                "anthropic/claude-opus-4-7",
            ),
            (
                "google-vertex",
                "claude-opus-4-5@20251101",
                "claude-opus-4-5",
            ),
            (
                "google-vertex",
                "meta/llama-3.3-70b-instruct-maas",
                "meta/llama-3.3-70b-instruct",
            ),
            ("databricks", "databricks-gpt-oss-120b", "gpt-oss-120b"),
            ("cloudflare", "@cf/qwen/qwq-32b", "qwen/qwq-32b"),
            ("nebius", "Qwen/QwQ-32B", "Qwen/QwQ-32B"),
        ] {
            let names = hub_names(vendor, upstream);
            assert!(names.iter().any(|found| found == name), "{names:?}");
        }
    }

    #[test]
    fn copies_in_one_region_are_left_out_and_the_id_for_anywhere_comes_first() {
        assert!(is_regional("amazon-bedrock", "eu.amazon.nova-pro-v1:0"));
        assert!(is_regional(
            "amazon-bedrock",
            "bedrock/us-east-1/amazon.nova-pro-v1:0"
        ));
        assert!(is_regional("azure", "eu/gpt-4o"));
        assert!(!is_regional("amazon-bedrock", "us.amazon.nova-pro-v1:0"));
        assert!(!is_regional("nebius", "eu.x/y"));
        let mut ids = ["a.b", "us.a.b", "global.a.b"];
        ids.sort_by_key(|id| preference("amazon-bedrock", id));
        assert_eq!(ids, ["global.a.b", "us.a.b", "a.b"]);
    }
}
