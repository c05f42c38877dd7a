//! Where two vendors' texts join: what the second one repeats of the first is left out, and nothing else.
//!
//! Pure. The first words of who goes on are held back until it is certain how much of them the caller has already;
//! that is known after the last words that were asked for, and at the latest when all that was told has been repeated.

/// How who goes on was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// With what was told as the beginning of its answer, white space at its end left out.
    Prefilled,
    /// With the demand to repeat the last words and to write on behind them.
    Asked,
    /// The same as who broke off: all that was told must come again, word for word.
    Anew,
}

/// What was said does not go on with what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was said does not go on with what was told")]
pub(in crate::relay) struct Diverged;

/// The join of two texts.
#[derive(Debug)]
pub(in crate::relay) struct Seam {
    told: String,
    manner: Manner,
    /// Where the last words of what was told begin.
    anchor: usize,
    heard: String,
    /// How many bytes of `heard` are the beginning of what was told; none once one differs.
    repeats: Option<usize>,
    /// Whether who repeats its beginning has started over: it is long enough, and comes only once in it.
    shows_restart: bool,
    is_joined: bool,
    withheld: u64,
}

/// The longest last words that are asked for.
const ANCHOR_BYTES_MAX: usize = 96;
/// Who repeats so much of the beginning of what was told has started over.
const RESTART_BYTES: usize = 48;
/// A shorter repetition may be chance, where nobody was asked for it.
const OVERLAP_BYTES_MIN: usize = 8;
/// The same for several whole words, the last one perhaps cut.
const WORDS_BYTES_MIN: usize = 5;
/// The same for the word in which the first text was cut.
const FRAGMENT_BYTES_MIN: usize = 3;

/// What becomes of the first words.
enum Verdict {
    Wait,
    /// So many bytes of them were told already.
    Leave(usize),
}

impl Seam {
    pub(super) fn new(told: &str, manner: Manner) -> Self {
        Self {
            anchor: anchor_of(told),
            told: told.to_owned(),
            manner,
            heard: String::new(),
            repeats: Some(0),
            shows_restart: shows_restart(told),
            is_joined: told.is_empty(),
            withheld: 0,
        }
    }

    /// The last words of what was told, without white space around them.
    pub(super) fn anchor(&self) -> &str {
        self.told.get(self.anchor..).unwrap_or_default().trim_end()
    }

    /// Takes in more of who goes on; gives what the caller is to hear of it.
    pub(super) fn push(&mut self, text: String) -> Result<String, Diverged> {
        if self.is_joined {
            return Ok(text);
        }
        if let Some(repeated) = self.repeats {
            let left = self.told.get(repeated..).unwrap_or_default();
            let common = common(left, &text);
            let goes_on = common == text.len() || common == left.len();
            self.repeats = goes_on.then_some(repeated + common);
        }
        self.heard.push_str(&text);
        self.decide(false)
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) -> Result<String, Diverged> {
        if self.is_joined {
            return Ok(String::new());
        }
        self.decide(true)
    }

    /// What is held back never goes out.
    pub(super) fn abandon(&mut self) {
        self.withheld += u64::try_from(self.heard.len()).unwrap_or(u64::MAX);
        self.heard.clear();
        self.is_joined = true;
    }

    /// How many bytes were left out since this was last asked.
    pub(super) fn take_withheld(&mut self) -> u64 {
        std::mem::take(&mut self.withheld)
    }

    fn decide(&mut self, is_end: bool) -> Result<String, Diverged> {
        let known = match self.verdict(is_end)? {
            Verdict::Wait => return Ok(String::new()),
            Verdict::Leave(known) => known,
        };
        self.is_joined = true;
        self.withheld += u64::try_from(known).unwrap_or(u64::MAX);
        let mut heard = std::mem::take(&mut self.heard);
        heard.drain(..known);
        Ok(heard)
    }

    fn verdict(&self, is_end: bool) -> Result<Verdict, Diverged> {
        let has_all = self.repeats == Some(self.told.len());
        if self.manner == Manner::Anew {
            return match self.repeats {
                Some(_) if has_all => Ok(Verdict::Leave(self.told.len())),
                Some(_) if !is_end => Ok(Verdict::Wait),
                Some(_) | None => Err(Diverged),
            };
        }
        let waits = !is_end;
        let words = self.heard.trim_start();
        let skipped = self.heard.len() - words.len();
        if words.is_empty() && waits {
            return Ok(Verdict::Wait);
        }
        if self.manner == Manner::Asked {
            let anchor = self.anchor();
            if words.starts_with(anchor) {
                return Ok(self.behind(skipped + anchor.len(), waits));
            }
            if anchor.starts_with(words) && waits {
                return Ok(Verdict::Wait);
            }
        }
        // Who repeats much of the beginning writes all of it again: it must be the same to the end. Little of it, or
        // what the text itself says again and again, is no sign of that.
        let is_blank = self.told.trim().is_empty();
        if is_blank || self.shows_restart {
            let began_again = common(&self.told, &self.heard) >= RESTART_BYTES;
            match self.repeats {
                Some(_) if has_all => return Ok(Verdict::Leave(self.told.len())),
                Some(_) if waits => return Ok(Verdict::Wait),
                _ if began_again => return Err(Diverged),
                Some(_) | None => {}
            }
        }
        if self.manner == Manner::Prefilled {
            return Ok(self.behind(0, waits));
        }
        match self.overlap(words, waits) {
            Some(Verdict::Leave(repeated)) => Ok(self.behind(skipped + repeated, waits)),
            Some(Verdict::Wait) => Ok(Verdict::Wait),
            None => Ok(self.behind(0, waits)),
        }
    }

    /// So many bytes were told already; so was the white space behind them, as far as it is the same.
    fn behind(&self, known: usize, waits: bool) -> Verdict {
        let end = self.told.trim_end().len();
        let space = self.told.get(end..).unwrap_or_default();
        let rest = self.heard.get(known..).unwrap_or_default();
        if waits && rest.len() < space.len() && space.starts_with(rest) {
            return Verdict::Wait;
        }
        Verdict::Leave(known + common(space, rest))
    }

    /// Words at the end of what was told that come again, though fewer or more than were asked for.
    fn overlap(&self, words: &str, waits: bool) -> Option<Verdict> {
        let is_apart = words.len() < self.heard.len();
        let told = self.told.trim_end();
        let from = floor(told, told.len().saturating_sub(2 * ANCHOR_BYTES_MAX));
        let tail = told.get(from..).unwrap_or_default();
        for (place, _) in tail.char_indices() {
            let end = tail.get(place..).unwrap_or_default();
            if waits && end.len() > words.len() && end.starts_with(words) {
                return Some(Verdict::Wait);
            }
            let begins_word = place == 0
                || tail
                    .get(..place)
                    .is_some_and(|before| before.ends_with(|last: char| !last.is_alphanumeric()));
            // A whole word behind white space is said twice, as in "very very": only a cut one is written again.
            let behind = words.get(end.len()..).and_then(|rest| rest.chars().next());
            let is_fragment = begins_word
                && end.len() >= FRAGMENT_BYTES_MIN
                && end.chars().all(char::is_alphanumeric)
                && self.told.len() == told.len()
                && (!is_apart || behind.is_some_and(char::is_alphanumeric));
            let is_words =
                begins_word && end.len() >= WORDS_BYTES_MIN && end.contains(char::is_whitespace);
            let is_long = end.len() >= OVERLAP_BYTES_MIN;
            if words.starts_with(end) && (is_long || is_words || is_fragment) {
                return Some(Verdict::Leave(end.len()));
            }
        }
        None
    }
}

/// Whether a text is long enough for its beginning to be known again, and says that only once.
fn shows_restart(told: &str) -> bool {
    let second = told.chars().next().map_or(0, char::len_utf8);
    let beginning = told.get(..floor(told, RESTART_BYTES.min(told.len())));
    let (Some(beginning), Some(behind)) = (beginning, told.get(second..)) else {
        return false;
    };
    told.len() >= RESTART_BYTES && !behind.contains(beginning)
}

/// Where the last words begin that are asked for: at the beginning of a word, where there is one.
fn anchor_of(told: &str) -> usize {
    let end = told.trim_end().len();
    let from = floor(told, end.saturating_sub(ANCHOR_BYTES_MAX));
    if from == 0 {
        return told.len() - told.trim_start().len();
    }
    let words = told.get(from..end).unwrap_or_default();
    let first = words
        .find(char::is_whitespace)
        .and_then(|space| words.get(space..))
        .map(str::trim_start)
        .filter(|rest| !rest.is_empty());
    first.map_or(from, |rest| end - rest.len())
}

/// The next boundary of a character, downwards.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// How many bytes two texts have in common at their beginning.
fn common(one: &str, other: &str) -> usize {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    same.map(|(a, _)| a.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "The quick brown fox jumps over the lazy dog, and then it rests.\n\nIn the evening the fox \
        comes back: this time the dog is awake, größer als zuvor, and says nothing at all.";

    /// All that the caller hears of who goes on, where it speaks in pieces of so many bytes.
    fn joined(told: &str, manner: Manner, said: &str, piece: usize) -> Result<String, Diverged> {
        let mut seam = Seam::new(told, manner);
        let mut all = told.to_owned();
        let mut rest = said;
        while !rest.is_empty() {
            let mut end = piece.min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            let (next, behind) = rest.split_at(end);
            all.push_str(&seam.push(next.to_owned())?);
            rest = behind;
        }
        all.push_str(&seam.finish()?);
        Ok(all)
    }

    /// Every way to cut the text in two.
    fn cuts() -> impl Iterator<Item = (&'static str, &'static str)> {
        let bounds = TEXT.char_indices().map(|(at, _)| at).skip(1);
        bounds.map(|at| TEXT.split_at(at))
    }

    #[test]
    fn whoever_repeats_the_last_words_goes_on_to_the_letter() {
        for (told, _) in cuts() {
            let from = Seam::new(told, Manner::Asked).anchor;
            for piece in [1, 3, 7, 1_000] {
                let said = joined(told, Manner::Asked, TEXT.split_at(from).1, piece);
                assert_eq!(said.as_deref(), Ok(TEXT), "{told:?}");
            }
        }
    }

    #[test]
    fn whoever_starts_over_is_heard_from_where_the_first_broke_off() {
        for manner in [Manner::Asked, Manner::Prefilled, Manner::Anew] {
            for (told, _) in cuts().filter(|(told, _)| told.len() >= RESTART_BYTES) {
                let said = joined(told, manner, TEXT, 5);
                assert_eq!(said.as_deref(), Ok(TEXT), "{manner:?} {told:?}");
            }
        }
    }

    #[test]
    fn a_beginning_that_the_model_took_is_gone_on_with_as_it_is() {
        for (told, _) in cuts() {
            // The beginning is shown without white space at its end, so that comes again.
            let from = told.trim_end().len();
            let said = joined(told, Manner::Prefilled, TEXT.split_at(from).1, 4);
            assert_eq!(said.as_deref(), Ok(TEXT), "{told:?}");
        }
    }

    #[test]
    fn whoever_repeats_other_words_than_were_asked_for_is_understood() {
        let told = "One fish, two fish, red fi";
        for (said, whole) in [
            (
                "red fish, blue fish",
                "One fish, two fish, red fish, blue fish",
            ),
            (
                " two fish, red fish, blue",
                "One fish, two fish, red fish, blue",
            ),
            ("sh, blue fish", "One fish, two fish, red fish, blue fish"),
        ] {
            assert_eq!(joined(told, Manner::Asked, said, 2).as_deref(), Ok(whole));
        }
        let told = "It was a dark and stor";
        let whole = "It was a dark and stormy night";
        for said in ["stormy night", "my night", "dark and stormy night"] {
            assert_eq!(joined(told, Manner::Asked, said, 3).as_deref(), Ok(whole));
        }
    }

    #[test]
    fn another_beginning_is_not_joined() {
        let (told, _) = TEXT.split_at(100);
        let other = format!("{}But not quite so.", TEXT.split_at(70).0);
        for manner in [Manner::Asked, Manner::Prefilled, Manner::Anew] {
            assert_eq!(joined(told, manner, &other, 6), Err(Diverged), "{manner:?}");
        }
        for said in ["{\"a\": 2}", "{", ""] {
            assert_eq!(joined("{\"a\": 1", Manner::Anew, said, 1), Err(Diverged));
        }
    }

    #[test]
    fn what_a_text_says_again_and_again_is_not_taken_for_a_restart() {
        let lines = "x = 1\n".repeat(20);
        let laugh = "ha ".repeat(40);
        for (told, rest) in [
            ("1", "12 is the number"),
            ("ha", "ha"),
            (lines.as_str(), lines.as_str()),
            (laugh.as_str(), laugh.as_str()),
        ] {
            for piece in [1, 3, 1_000] {
                let told = told.trim_end();
                let whole = format!("{told}{rest}");
                let said = joined(told, Manner::Prefilled, rest, piece);
                assert_eq!(said.as_deref(), Ok(whole.as_str()));
                let from = Seam::new(told, Manner::Asked).anchor;
                let again = format!("{}{rest}", told.split_at(from).1);
                let said = joined(told, Manner::Asked, &again, piece);
                assert_eq!(said.as_deref(), Ok(whole.as_str()), "{piece}");
            }
        }
        let told = "It is very very";
        let said = joined(told, Manner::Asked, " very good", 2);
        assert_eq!(said.as_deref(), Ok("It is very very very good"));
    }

    proptest! {
        /// Words and lines of few letters, so that everything comes again and again.
        #[test]
        fn who_does_as_it_was_asked_loses_no_letter(
            told in "[ab]([ab \n]{0,12}|[ab ]{40,200})[ab]", rest in "[ab][ab \n]{0,150}", piece in 1_usize..40,
        ) {
            let whole = format!("{told}{rest}");
            let from = Seam::new(&told, Manner::Asked).anchor;
            let again = format!("{}{rest}", told.split_at(from).1);
            let said = joined(&told, Manner::Asked, &again, piece);
            prop_assert_eq!(said.as_deref(), Ok(whole.as_str()));
            // Who begins with all that was told cannot be told from who has started over.
            let beginning = told.get(..RESTART_BYTES);
            if !beginning.is_some_and(|beginning| rest.starts_with(beginning)) {
                let said = joined(&told, Manner::Prefilled, &rest, piece);
                prop_assert_eq!(said.as_deref(), Ok(whole.as_str()));
            }
        }

        #[test]
        fn nothing_panics_and_nothing_told_is_lost(
            told in ".{0,120}", said in ".{0,120}", piece in 1_usize..9, how in 0_usize..3,
        ) {
            let manner = [Manner::Asked, Manner::Prefilled, Manner::Anew][how];
            if let Ok(whole) = joined(&told, manner, &said, piece) {
                prop_assert!(whole.starts_with(&told));
                prop_assert!(said.ends_with(whole.split_at(told.len()).1));
            }
        }
    }
}
