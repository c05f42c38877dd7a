//! Cache breakpoints: a block of their own behind what they mark, on models that know them.

use canon::CacheMark;

use super::Arranger;
use crate::bedrock::piece::Piece;

impl<'a> Arranger<'a, '_> {
    /// Puts a breakpoint behind what was said last.
    pub(super) fn mark(&mut self, mark: Option<CacheMark>, at: &str, pieces: &mut Vec<Piece<'a>>) {
        let Some(mark) = mark else { return };
        if pieces.is_empty() {
            self.lose(format!("{at}.cache_control"), "there is nothing before it");
        } else if let Some(point) = self.cache_point(mark, at) {
            pieces.push(point);
        }
    }

    pub(super) fn mark_end(&mut self, mark: CacheMark) {
        let Some(point) = self.cache_point(mark, "messages") else {
            return;
        };
        if let Some(turn) = self.prompt.turns.last_mut()
            && !matches!(turn.pieces.last(), Some(Piece::CachePoint(_)))
        {
            turn.pieces.push(point);
        }
    }

    fn cache_point(&mut self, mark: CacheMark, at: &str) -> Option<Piece<'a>> {
        if !self.family.takes_cache_points() {
            let why = "this model caches no prompts up to a mark";
            self.lose(format!("{at}.cache_control"), why);
            return None;
        }
        let takes_ttl = self.family.takes_cache_lifetimes();
        if mark.ttl.is_some() && !takes_ttl {
            let why = "the lifetime is the vendor's to choose";
            self.lose(format!("{at}.cache_control.ttl"), why);
        }
        Some(Piece::CachePoint(mark.ttl.filter(|_| takes_ttl)))
    }
}
