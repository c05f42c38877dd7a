//! How an answer is to be spoken.

use super::Extras;

/// The voice and the form of a spoken answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Speech {
    /// Whose voice, by the vendor's name for it.
    pub voice: Option<String>,
    /// Form of the sound: `wav`, `mp3`, `flac`, `opus`, `pcm16`. As written.
    pub format: Option<String>,
    /// Fields that only one dialect has.
    pub extras: Extras,
}
