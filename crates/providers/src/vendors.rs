//! Every vendor, one file each. A new one is a file and a word here.

macro_rules! providers {
    ($($name:ident: $constant:ident),* $(,)?) => {
        $(mod $name;)*

        /// Every known vendor, in alphabetical order of the files.
        pub const ALL: &[&crate::Provider] = &[$(&$name::$constant),*];
    };
}

providers! {
    anthropic: ANTHROPIC,
    deepseek: DEEPSEEK,
    fireworks: FIREWORKS,
    google_ai_studio: GOOGLE_AI_STUDIO,
    groq: GROQ,
    llamacpp: LLAMACPP,
    mistral: MISTRAL,
    ollama: OLLAMA,
    openai: OPENAI,
    openrouter: OPENROUTER,
    together: TOGETHER,
    vllm: VLLM,
    xai: XAI,
}
