//! Counting the tokens of a prompt without asking for an answer.
//!
//! Two dialects have a request for it: Anthropic (`/messages/count_tokens`) and Gemini (`:countTokens`). It is the
//! request for an answer without what only an answer needs, so it is read into the same [`Request`].

use std::borrow::Cow;

use canon::Request;

use crate::{Error, Form, Loss, Target};

/// The callers' side: what a dialect that is served counts. Found by [`crate::Serve::counting`].
pub trait ServeCount: Sync {
    /// Reads a request to count. What the address says (Gemini: the model) is the route's to fill in.
    ///
    /// # Errors
    /// As for a request for an answer.
    fn parse_count(&self, body: &[u8]) -> Result<Request, Error>;

    /// Appends the answer, as one JSON object: so many tokens would the prompt have.
    fn render_count(&self, tokens: u64, out: &mut Vec<u8>);
}

/// The vendors' side: how a vendor is asked to count. Found by [`crate::Call::counting`].
pub trait CallCount: Sync {
    /// The path behind the vendor's base address. The method is POST, as for answers.
    fn count_path(&self, upstream_model: &str, form: &Form) -> Cow<'static, str>;

    /// Writes the request. What the dialect cannot say is added to `loss`; what does not change the count is left
    /// out in silence.
    ///
    /// # Errors
    /// As for a request for an answer.
    fn render_count(
        &self,
        request: &Request,
        target: &Target<'_>,
        loss: &mut Vec<Loss>,
    ) -> Result<Vec<u8>, Error>;

    /// Reads the answer: how many tokens.
    ///
    /// # Errors
    /// It states none. (Errors are read by [`crate::Call::parse_error`].)
    fn parse_count(&self, body: &[u8]) -> Result<u64, Error>;
}
