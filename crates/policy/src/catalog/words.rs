//! The closed vocabularies of the catalogue, each with a set type that is one integer.
//! tidy: table

/// An enum of words with a set of them: names, parsing, iteration from one list.
macro_rules! words {
    (
        $(#[$about:meta])* $word:ident,
        $(#[$set_about:meta])* $set:ident,
        { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $word {
            $($(#[$doc])* $variant,)*
        }

        impl $word {
            /// Every word, in the order of the wire.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word as it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The word of that name, if there is one.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == name)
            }
        }

        impl std::fmt::Display for $word {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        $(#[$set_about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $set(u32);

        impl $set {
            /// None of them.
            pub const EMPTY: Self = Self(0);

            /// Whether the word is in the set.
            #[must_use]
            pub const fn contains(self, word: $word) -> bool {
                self.0 & (1 << word as u32) != 0
            }

            /// Whether every word of the other set is in this one.
            #[must_use]
            pub const fn contains_all(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether the set has no word.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// This set and the word.
            #[must_use]
            pub const fn with(self, word: $word) -> Self {
                Self(self.0 | (1 << word as u32))
            }

            /// The words of either set.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The words of this set that are not in the other.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The words, in the order of the wire.
            pub fn iter(self) -> impl Iterator<Item = $word> {
                $word::ALL.iter().copied().filter(move |word| self.contains(*word))
            }
        }

        impl FromIterator<$word> for $set {
            fn from_iter<I: IntoIterator<Item = $word>>(words: I) -> Self {
                words.into_iter().fold(Self::EMPTY, Self::with)
            }
        }
    };
}

words! {
    /// What goes into a model or comes out of it. Some only go in, some only come out.
    Modality,
    /// A set of modalities.
    Modalities,
    {
        /// Text.
        Text = "text",
        /// Images.
        Image = "image",
        /// Documents; only in.
        File = "file",
        /// Audio within a conversation.
        Audio = "audio",
        /// Video.
        Video = "video",
        /// Vectors; only out.
        Embeddings = "embeddings",
        /// An order of documents; only out.
        Rerank = "rerank",
        /// Speech made of a text; only out.
        Speech = "speech",
        /// Text heard in audio; only out.
        Transcription = "transcription",
    }
}

words! {
    /// A request parameter that an endpoint may or may not take: the wire's fixed vocabulary.
    Parameter,
    /// A set of parameters.
    Parameters,
    {
        /// `temperature`
        Temperature = "temperature",
        /// `top_p`
        TopP = "top_p",
        /// `top_k`
        TopK = "top_k",
        /// `min_p`
        MinP = "min_p",
        /// `top_a`
        TopA = "top_a",
        /// `frequency_penalty`
        FrequencyPenalty = "frequency_penalty",
        /// `presence_penalty`
        PresencePenalty = "presence_penalty",
        /// `repetition_penalty`
        RepetitionPenalty = "repetition_penalty",
        /// `max_tokens`
        MaxTokens = "max_tokens",
        /// `max_completion_tokens`
        MaxCompletionTokens = "max_completion_tokens",
        /// `logit_bias`
        LogitBias = "logit_bias",
        /// `logprobs`
        Logprobs = "logprobs",
        /// `top_logprobs`
        TopLogprobs = "top_logprobs",
        /// `prediction`
        Prediction = "prediction",
        /// `seed`
        Seed = "seed",
        /// `response_format`
        ResponseFormat = "response_format",
        /// Answers that hold to a JSON schema.
        StructuredOutputs = "structured_outputs",
        /// `stop`
        Stop = "stop",
        /// `tools`
        Tools = "tools",
        /// `tool_choice`
        ToolChoice = "tool_choice",
        /// `parallel_tool_calls`
        ParallelToolCalls = "parallel_tool_calls",
        /// `include_reasoning`
        IncludeReasoning = "include_reasoning",
        /// `reasoning`
        Reasoning = "reasoning",
        /// `reasoning_effort`
        ReasoningEffort = "reasoning_effort",
        /// `web_search_options`
        WebSearchOptions = "web_search_options",
        /// `verbosity`
        Verbosity = "verbosity",
    }
}

words! {
    /// How the weights of an endpoint are stored.
    Quantization,
    /// A set of quantizations.
    Quantizations,
    {
        /// 4-bit integers.
        Int4 = "int4",
        /// 8-bit integers.
        Int8 = "int8",
        /// 4-bit floats.
        Fp4 = "fp4",
        /// 4-bit floats with shared scales (OCP).
        Mxfp4 = "mxfp4",
        /// 4-bit floats with shared scales (NVIDIA).
        Nvfp4 = "nvfp4",
        /// 6-bit floats.
        Fp6 = "fp6",
        /// 8-bit floats.
        Fp8 = "fp8",
        /// 8-bit floats with shared scales.
        Mxfp8 = "mxfp8",
        /// 16-bit floats.
        Fp16 = "fp16",
        /// 16-bit floats with a wide exponent.
        Bf16 = "bf16",
        /// 32-bit floats.
        Fp32 = "fp32",
        /// Nobody says.
        Unknown = "unknown",
    }
}

words! {
    /// How an endpoint is opted into.
    Lane,
    /// A set of lanes.
    Lanes,
    {
        /// Serves every request.
        Standard = "standard",
        /// Costs nothing, with limits of its own; asked for by `:free`.
        Free = "free",
        /// A longer context; asked for by `:extended`.
        Extended = "extended",
        /// Reasons unasked; asked for by `:thinking`.
        Thinking = "thinking",
        /// Answers within a day for less; asked for by `:batch` or a batch.
        Batch = "batch",
        /// Cheaper and may refuse; asked for by the service tier or `:floor`.
        Flex = "flex",
        /// Dearer and faster; asked for by the service tier or `:nitro`.
        Priority = "priority",
    }
}

words! {
    /// What a price is for. Counts of tokens are disjoint: a cached token is not also a prompt token.
    Unit,
    /// A set of units.
    Units,
    {
        /// A token of the prompt.
        Prompt = "prompt",
        /// A token of the answer.
        Completion = "completion",
        /// A token of the prompt read from a cache.
        CacheRead = "cache_read",
        /// A token of the prompt written to a cache for 5 minutes.
        CacheWrite = "cache_write",
        /// A token of the prompt written to a cache for an hour.
        CacheWrite1h = "cache_write_1h",
        /// A token of reasoning, where it costs other than the answer's.
        Reasoning = "reasoning",
        /// A token of audio that goes in.
        Audio = "audio",
        /// A token of audio that comes out.
        AudioOutput = "audio_output",
        /// A token of audio read from a cache.
        AudioCache = "audio_cache",
        /// An image that goes in, by the piece.
        Image = "image",
        /// A token of an image that goes in.
        ImageToken = "image_token",
        /// A token of an image that comes out.
        ImageOutput = "image_output",
        /// An image that comes out, by the piece.
        Picture = "picture",
        /// A second of audio that goes in.
        AudioSecond = "audio_second",
        /// A second of video that comes out.
        VideoSecond = "video_second",
        /// A character that is spoken.
        Character = "character",
        /// A request.
        Request = "request",
        /// A search that the vendor runs.
        WebSearch = "web_search",
    }
}

impl Lane {
    /// Whether a suffix of the model's name asks for it, and nothing else reaches it.
    #[must_use]
    pub const fn is_variant(self) -> bool {
        matches!(
            self,
            Self::Free | Self::Extended | Self::Thinking | Self::Batch
        )
    }
}

impl Unit {
    /// The member of the wire's `pricing` object, where the wire has one for this unit.
    #[must_use]
    pub const fn wire_name(self) -> Option<&'static str> {
        Some(match self {
            Self::CacheRead => "input_cache_read",
            Self::CacheWrite => "input_cache_write",
            Self::CacheWrite1h => "input_cache_write_1h",
            Self::Reasoning => "internal_reasoning",
            Self::AudioCache => "input_audio_cache",
            Self::Picture | Self::AudioSecond | Self::VideoSecond | Self::Character => return None,
            Self::Prompt
            | Self::Completion
            | Self::Audio
            | Self::AudioOutput
            | Self::Image
            | Self::ImageToken
            | Self::ImageOutput
            | Self::Request
            | Self::WebSearch => self.name(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_by_its_name() {
        assert!(
            Parameter::ALL
                .iter()
                .all(|word| Parameter::named(word.name()) == Some(*word))
        );
        assert!(
            Unit::ALL
                .iter()
                .all(|word| Unit::named(word.name()) == Some(*word))
        );
        assert_eq!(Modality::named("smell"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set: Parameters = [Parameter::Verbosity, Parameter::Temperature]
            .into_iter()
            .collect();
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Parameter::Temperature, Parameter::Verbosity]
        );
        assert!(!set.contains(Parameter::Tools));
        assert!(set.contains_all(Parameters::EMPTY.with(Parameter::Verbosity)));
        assert!(set.without(set).is_empty());
    }
}
