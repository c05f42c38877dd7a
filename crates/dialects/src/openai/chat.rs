//! OpenAI Chat Completions, as OpenRouter extends it.
