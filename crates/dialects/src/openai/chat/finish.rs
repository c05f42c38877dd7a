//! Why an answer ended: the words of all vendors of this dialect, and the gateways behind it.

use canon::FinishReason;

/// The reason behind a vendor's word. An unknown word is a normal end: the answer is there, and the word
/// itself is kept as the native reason.
pub(super) fn parse_finish(word: &str) -> FinishReason {
    match word {
        "length"
        | "max_tokens"
        | "MAX_TOKENS"
        | "max_output_tokens"
        | "model_length"
        | "model_context_window_exceeded" => FinishReason::Length,
        "tool_calls" | "tool_call" | "tool_use" | "function_call" | "TOOL_CALL" => {
            FinishReason::ToolCalls
        }
        "content_filter"
        | "content_filtered"
        | "safety"
        | "SAFETY"
        | "RECITATION"
        | "refusal"
        | "sensitive"
        | "guardrail_intervened" => FinishReason::ContentFilter,
        "error" | "ERROR" | "network_error" | "insufficient_system_resource" | "abort" => {
            FinishReason::Error
        }
        _ => FinishReason::Stop,
    }
}
