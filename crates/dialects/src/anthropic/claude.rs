//! What differs from one Claude to the next in what the wire accepts, by the version in the model's name.
//!
//! Facts from Anthropic's model notes: `temperature` and `top_p` exclude each other from 4.1 on, manual budgets and
//! sampling parameters are refused from 4.7 on, `system` turns are accepted from 4.8 on, the level `max` came with
//! 4.6 and `xhigh` with 4.7.

use canon::Effort;

use crate::Target;

/// A version of Claude; `None` where the name states none (another vendor's model behind this wire).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claude(Option<(u32, u32)>);

impl Claude {
    /// The version of a target, by the catalogue's name for it or else by the vendor's.
    pub(crate) fn of(target: &Target<'_>) -> Self {
        let claude = Self::named(target.model);
        if claude.0.is_some() {
            claude
        } else {
            Self::named(target.upstream_model)
        }
    }

    /// Reads the version out of a name: `anthropic/claude-opus-4.8`, `claude-sonnet-4-5-20250929`,
    /// `claude-3-7-sonnet-latest`, `claude-sonnet-5`.
    pub(crate) fn named(model: &str) -> Self {
        let Some((_, name)) = model.split_once("claude-") else {
            return Self(None);
        };
        let name = name.split([':', '@']).next().unwrap_or(name);
        let mut numbers = name
            .split(['-', '.'])
            .skip_while(|word| number(word).is_none())
            .map_while(number);
        let major = numbers.next();
        let minor = numbers.next().unwrap_or(0);
        Self(major.map(|major| (major, minor)))
    }

    /// Whether turns of the role `system` may stand behind a user's turn.
    pub(crate) fn takes_system_turns(self) -> bool {
        self.0.is_some_and(|version| version >= (4, 8))
    }

    /// Whether thinking may be given a budget.
    pub(crate) fn takes_budget(self) -> bool {
        self.0.is_none_or(|version| version < (4, 7))
    }

    /// Whether `temperature`, `top_p` and `top_k` are accepted.
    pub(crate) fn takes_sampling(self) -> bool {
        self.0.is_none_or(|version| version < (4, 7))
    }

    /// Whether `temperature` and `top_p` may not stand side by side.
    pub(crate) fn refuses_two_samplings(self) -> bool {
        self.0.is_some_and(|version| version >= (4, 1))
    }

    /// The nearest level that exists, in the wire's word; `None` is no level at all.
    pub(crate) fn effort(self, effort: Effort) -> Option<&'static str> {
        let newest = (u32::MAX, 0);
        let version = self.0.unwrap_or(newest);
        let effort = match effort {
            Effort::None => return None,
            Effort::Minimal => Effort::Low,
            Effort::XHigh if version < (4, 7) => Effort::High,
            Effort::Max if version < (4, 6) => Effort::High,
            Effort::Low | Effort::Medium | Effort::High | Effort::XHigh | Effort::Max => effort,
        };
        Some(effort.name())
    }
}

/// A number of a version; dates are not.
fn number(word: &str) -> Option<u32> {
    const DIGITS_MAX: usize = 2;
    (word.len() <= DIGITS_MAX).then(|| word.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_out_of_names() {
        for (model, version) in [
            ("anthropic/claude-opus-4.8", Some((4, 8))),
            ("anthropic/claude-sonnet-5", Some((5, 0))),
            ("anthropic/claude-opus-4", Some((4, 0))),
            ("claude-sonnet-4-5-20250929", Some((4, 5))),
            ("claude-opus-4-20250514", Some((4, 0))),
            ("anthropic/claude-3.7-sonnet:thinking", Some((3, 7))),
            ("claude-3-haiku-20240307", Some((3, 0))),
            ("claude-3-5-sonnet@20240620", Some((3, 5))),
            ("us.anthropic.claude-opus-4-6-v1:0", Some((4, 6))),
            ("deepseek/deepseek-chat-3.1", None),
            ("anthropic/claude-latest", None),
        ] {
            assert_eq!(Claude::named(model), Claude(version), "{model}");
        }
    }

    #[test]
    fn a_level_that_does_not_exist_becomes_the_nearest() {
        let effort = |model, effort| Claude::named(model).effort(effort);
        assert_eq!(effort("claude-opus-4.6", Effort::XHigh), Some("high"));
        assert_eq!(effort("claude-opus-4.6", Effort::Max), Some("max"));
        assert_eq!(effort("claude-opus-4.5", Effort::Max), Some("high"));
        assert_eq!(effort("claude-opus-4.7", Effort::XHigh), Some("xhigh"));
        assert_eq!(effort("claude-opus-4.7", Effort::Minimal), Some("low"));
        assert_eq!(effort("claude-opus-4.7", Effort::None), None);
    }
}
