//! Which conversation a request belongs to: what the caller calls it, else how it begins.

use canon::{Media, Message, Part, Request, Role, Source};

use super::siphash::SipHash;

/// What the hashes are keyed with: drawn at the start and never told, so that nobody can look for a prompt in them.
#[derive(Clone, Copy)]
pub struct Salt(pub [u64; 2]);

/// A conversation of one workspace, as a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    id: [u64; 2],
    /// What it shares with others of the workspace: its standing instructions; of a named one, itself.
    shelf: [u64; 2],
    /// Whether the caller named it as a session; else it is known by its cache key or its beginning.
    pub named: bool,
}

/// A conversation with one model, or with one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub(super) [u64; 2]);

/// Of a longer text, its length and so many bytes of both its ends are hashed: who shares those shares the rest.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Of a longer message, so many parts.
const PARTS_MAX: usize = 64;

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(***)")
    }
}

impl Conversation {
    /// The conversation of a request: its session, else its cache key, else its first standing instructions with the first
    /// thing that is said. `None` where nothing is said at all.
    #[must_use]
    pub fn of(salt: Salt, workspace: &str, request: &Request) -> Option<Self> {
        let mut hash = SipHash::new(salt.0);
        hash.write_piece(workspace.as_bytes());
        let session = request.session_id.as_deref().filter(is_given);
        let cache_key = request.prompt_cache_key.as_deref().filter(is_given);
        let mut shelf = None;
        if let Some(session) = session {
            hash.write(b"s");
            hash.write_piece(session.as_bytes());
        } else if let Some(key) = cache_key {
            hash.write(b"k");
            hash.write_piece(key.as_bytes());
        } else {
            hash.write(b"m");
            shelf = beginning(&mut hash, &request.messages)?;
        }
        let id = hash.finish();
        Some(Self {
            id,
            shelf: shelf.unwrap_or(id),
            named: session.is_some(),
        })
    }

    /// The conversation with this model; or with this router, which then remembers its choice.
    #[must_use]
    pub fn with(&self, model: &str) -> Key {
        let mut hash = SipHash::new(self.id);
        hash.write(model.as_bytes());
        Key(hash.finish())
    }

    /// A name that vendors may see, for their caches: 32 hex digits, of which nothing leads back to the caller. Conversations
    /// of a workspace that nobody named and that share their standing instructions share it; no two workspaces do.
    #[must_use]
    pub fn label(&self) -> String {
        let mut hash = SipHash::new(self.shelf);
        hash.write_piece(b"label for vendors");
        let [high, low] = hash.finish();
        format!("{high:016x}{low:016x}")
    }
}

fn is_given(text: &&str) -> bool {
    !text.is_empty()
}

/// The first standing instructions, and the first thing that is said to the model. Gives the hash of the instructions,
/// where there are any; `None` where nothing is said at all.
fn beginning(hash: &mut SipHash, messages: &[Message]) -> Option<Option<[u64; 2]>> {
    let stands = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let standing = messages.iter().find(stands);
    let said = messages.iter().find(|message| !stands(message));
    standing.or(said)?;
    hash.write_piece(&[]);
    let shelf = standing.map(|message| {
        parts(hash, &message.parts);
        hash.finish()
    });
    hash.write_piece(&[]);
    if let Some(message) = said {
        parts(hash, &message.parts);
    }
    Some(shelf)
}

fn parts(hash: &mut SipHash, parts: &[Part]) {
    for part in parts.iter().take(PARTS_MAX) {
        match part {
            Part::Text(said) => text(hash, &said.text),
            Part::Refusal(said) => text(hash, said),
            Part::Media { media, .. } => source(hash, media),
            Part::ToolCall(call) => text(hash, &call.arguments),
            Part::ToolResult(result) => {
                let inner = result.parts.iter().take(PARTS_MAX);
                for part in inner {
                    if let Part::Text(said) = part {
                        text(hash, &said.text);
                    }
                }
            }
            Part::Reasoning(_) | Part::Other { .. } => {}
        }
    }
}

fn source(hash: &mut SipHash, media: &Media) {
    match &media.source {
        Source::Url(said) | Source::Base64(said) | Source::Text(said) | Source::Upload(said) => {
            text(hash, said);
        }
    }
}

fn text(hash: &mut SipHash, text: &str) {
    let bytes = text.as_bytes();
    if bytes.len() <= TEXT_BYTES_MAX {
        hash.write_piece(bytes);
        return;
    }
    let half = TEXT_BYTES_MAX / 2;
    hash.write(&(bytes.len() as u64).to_le_bytes());
    hash.write(bytes.get(..half).unwrap_or_default());
    hash.write(bytes.get(bytes.len() - half..).unwrap_or_default());
}
