//! What a vendor says went wrong where its error body has no form: the beginning of it.

use crate::VendorError;

/// The most characters of a body that is no error of a known form; for the log.
const CHARS_MAX: usize = 500;

/// A body of no known form, as the message of an error; no message where there is none.
pub(crate) fn parse_text(body: &[u8]) -> VendorError {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    VendorError {
        message: (!text.is_empty()).then(|| text.chars().take(CHARS_MAX).collect()),
        ..VendorError::default()
    }
}
