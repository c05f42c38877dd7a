//! Which conversation a request belongs to, where it stays, for how long, and what it pays to leave.

mod replay;
mod stay;

use canon::{CacheMark, CacheTtl, Message, Part, Request, Role, TextPart, Usage};
use policy::affinity::{
    Answer, BYTES_MAX, Cache, Conversation, Evidence, IDLE_S, Key, Lifetime, Memory, SLOTS, Salt,
    Sessions, Turn, cache_of, is_long,
};
use proptest::prelude::*;

const SALT: Salt = Salt([7, 9]);
const NOW: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;
const LIFETIME: Lifetime = Lifetime {
    sure_s: 300,
    most_s: 600,
};

fn request(messages: &[(Role, &str)]) -> Request {
    let messages = messages
        .iter()
        .map(|(role, text)| Message::text(*role, *text));
    Request {
        messages: messages.collect(),
        ..Request::default()
    }
}

fn of(request: &Request) -> Conversation {
    Conversation::of(SALT, "default", request).unwrap()
}

fn key(name: &str) -> Key {
    let request = Request {
        session_id: Some(name.to_owned()),
        ..Request::default()
    };
    of(&request).with("acme/one")
}

fn turn(endpoint: usize) -> Turn {
    Turn {
        endpoint,
        warm_tokens: 1_000,
        prompt_tokens: 1_200,
        completion_tokens: 50,
        lifetime: LIFETIME,
        begins: true,
    }
}

fn home(sessions: &Sessions, key: Key, now: i64) -> Option<usize> {
    sessions.recall(key, now)[0].map(|memory| memory.endpoint)
}

#[test]
fn a_session_goes_before_a_cache_key_and_that_before_how_the_conversation_begins() {
    let opening = [(Role::System, "Be brief."), (Role::User, "Hello")];
    let bare = request(&opening);
    let with_key = Request {
        prompt_cache_key: Some("k".to_owned()),
        ..bare.clone()
    };
    let with_session = Request {
        session_id: Some("s".to_owned()),
        ..with_key.clone()
    };
    let other = request(&[(Role::User, "Something else")]);
    assert!(!of(&bare).named && !of(&with_key).named && of(&with_session).named);
    for (one, field) in [(&with_session, "session"), (&with_key, "key")] {
        let elsewhere = Request {
            messages: other.messages.clone(),
            ..one.clone()
        };
        assert_eq!(of(one), of(&elsewhere), "{field}");
    }
    assert_ne!(of(&bare), of(&with_key));
    assert_ne!(of(&with_key), of(&with_session));
    assert_ne!(of(&bare), of(&other));
    // The same text as a session and as a cache key is two conversations.
    let as_key = Request {
        session_id: None,
        prompt_cache_key: Some("s".to_owned()),
        ..bare
    };
    assert_ne!(of(&as_key), of(&with_session));
}

#[test]
fn what_follows_the_beginning_is_the_same_conversation() {
    let opening = [(Role::Developer, "Be brief."), (Role::User, "Hello")];
    let mut later = opening.to_vec();
    later.extend([(Role::Assistant, "Hi!"), (Role::User, "And now?")]);
    assert_eq!(of(&request(&opening)), of(&request(&later)));
    let other = [(Role::Developer, "Be brief."), (Role::User, "Hello!")];
    assert_ne!(of(&request(&opening)), of(&request(&other)));
    // Without standing instructions the same words are another beginning.
    let bare = [(Role::User, "Be brief."), (Role::User, "Hello")];
    assert_ne!(of(&request(&opening)), of(&request(&bare)));
    assert_eq!(Conversation::of(SALT, "default", &Request::default()), None);
}

#[test]
fn workspaces_salts_and_models_keep_conversations_apart() {
    let one = request(&[(Role::User, "Hello")]);
    let here = of(&one);
    assert_ne!(Some(here), Conversation::of(SALT, "lab", &one));
    assert_ne!(Some(here), Conversation::of(Salt([7, 8]), "default", &one));
    assert_ne!(here.with("acme/one"), here.with("acme/two"));
    assert_ne!(here.label(), of(&request(&[(Role::User, "Bye")])).label());
    assert_eq!(format!("{SALT:?}"), "Salt(***)");
}

#[test]
fn vendors_hear_one_name_for_all_that_begins_alike_and_another_in_each_workspace() {
    let label = |workspace: &str, standing: &str, said: &str, session: Option<&str>| {
        let request = Request {
            session_id: session.map(str::to_owned),
            ..request(&[(Role::System, standing), (Role::User, said)])
        };
        let conversation = Conversation::of(SALT, workspace, &request).unwrap();
        conversation.label()
    };
    let one = label("a", "Be brief.", "Hello", None);
    assert_eq!(one.len(), 32);
    assert_eq!(one, label("a", "Be brief.", "Something else", None));
    for other in [
        label("b", "Be brief.", "Hello", None),
        label("a", "Be long.", "Hello", None),
        label("a", "Be brief.", "Hello", Some("s")),
    ] {
        assert_ne!(one, other);
    }
    assert_ne!(
        label("a", "Be brief.", "Hello", Some("s")),
        label("a", "Be brief.", "Hello", Some("t"))
    );
}

proptest! {
    /// Nothing of a prompt is in what is kept: not even of one that is a few letters long.
    #[test]
    fn texts_that_differ_at_their_ends_are_different_conversations(
        text in "[a-z ]{1,200}", more in "[a-z]{1,9}", filler in 0_usize..100_000,
    ) {
        let long = format!("{text}{}", "x".repeat(filler));
        let longer = format!("{long}{more}");
        let one = of(&request(&[(Role::User, &long)]));
        prop_assert_ne!(one, of(&request(&[(Role::User, &longer)])));
        prop_assert_eq!(one, of(&request(&[(Role::User, &long)])));
    }

    /// Whoever was heard of last in time is where the table says, whatever else came between.
    #[test]
    fn a_conversation_is_found_where_it_was_first_answered(
        turns in prop::collection::vec((0_usize..50, 0_usize..3, 0_i64..20), 1..200),
    ) {
        let sessions = Sessions::default();
        let mut homes: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
        let mut now = NOW;
        for (name, endpoint, wait) in turns {
            // So short that nothing is forgotten.
            now += wait * SECOND / 10;
            sessions.answered(key(&name.to_string()), &turn(endpoint), now);
            let first = *homes.entry(name).or_insert(endpoint);
            prop_assert_eq!(home(&sessions, key(&name.to_string()), now), Some(first));
        }
    }
}

#[test]
fn a_conversation_is_forgotten_after_ten_idle_minutes_and_each_answer_starts_them_anew() {
    let idle = i64::try_from(IDLE_S).unwrap() * SECOND;
    let sessions = Sessions::default();
    sessions.answered(key("a"), &turn(1), NOW);
    assert_eq!(home(&sessions, key("a"), NOW + idle - SECOND), Some(1));
    assert_eq!(home(&sessions, key("a"), NOW + idle), None);
    let refreshed = NOW + idle - SECOND;
    sessions.answered(key("a"), &turn(1), refreshed);
    assert_eq!(
        home(&sessions, key("a"), refreshed + idle - SECOND),
        Some(1)
    );
    assert_eq!(home(&sessions, key("a"), refreshed + idle), None);
    // Behind that, whoever answers is the new home.
    sessions.answered(key("a"), &turn(2), refreshed + idle);
    assert_eq!(home(&sessions, key("a"), refreshed + idle), Some(2));
}

#[test]
fn a_cache_of_an_hour_is_remembered_for_an_hour() {
    let sessions = Sessions::default();
    let hour = Turn {
        lifetime: cache_of("anthropic", "anthropic/claude-sonnet-4.5", true).lifetime,
        ..turn(1)
    };
    sessions.answered(key("a"), &hour, NOW);
    let memory = sessions.recall(key("a"), NOW + 3_599 * SECOND)[0].unwrap();
    assert_eq!(memory.warm_tokens, 1_000);
    assert_eq!(home(&sessions, key("a"), NOW + 3_600 * SECOND), None);
    // Where nothing is warm there is nothing to stay for so long.
    let cold = Turn {
        warm_tokens: 0,
        ..hour
    };
    sessions.answered(key("b"), &cold, NOW);
    assert_eq!(home(&sessions, key("b"), NOW + 600 * SECOND), None);
}

#[test]
fn who_answers_for_a_home_that_failed_does_not_take_its_place() {
    let sessions = Sessions::default();
    sessions.answered(key("a"), &turn(0), NOW);
    sessions.answered(key("a"), &turn(2), NOW + 60 * SECOND);
    let [home, away] = sessions.recall(key("a"), NOW + 60 * SECOND);
    assert_eq!(home.map(|memory| memory.endpoint), Some(0));
    assert_eq!(
        away.map(|memory| (memory.endpoint, memory.is_home)),
        Some((2, false))
    );
    // The home was not refreshed by it: it ends ten minutes behind its own last answer, and the other one moves in.
    let [home, away] = sessions.recall(key("a"), NOW + 610 * SECOND);
    assert_eq!(
        home.map(|memory| (memory.endpoint, memory.is_home)),
        Some((2, true))
    );
    assert_eq!(away, None);
    sessions.answered(key("a"), &turn(0), NOW + 615 * SECOND);
    assert_eq!(self::home(&sessions, key("a"), NOW + 615 * SECOND), Some(2));
}

#[test]
fn an_answer_that_is_no_reason_begins_nothing_but_keeps_what_began_up_to_date() {
    let sessions = Sessions::default();
    let quiet = Turn {
        begins: false,
        warm_tokens: 5,
        ..turn(1)
    };
    sessions.answered(key("a"), &quiet, NOW);
    assert_eq!(home(&sessions, key("a"), NOW), None);
    sessions.answered(key("a"), &turn(1), NOW);
    sessions.answered(key("a"), &quiet, NOW);
    assert_eq!(sessions.recall(key("a"), NOW)[0].unwrap().warm_tokens, 5);
}

#[test]
fn warmth_goes_as_the_vendors_caches_do() {
    let sessions = Sessions::default();
    sessions.answered(key("a"), &turn(1), NOW);
    let warm =
        |after: i64| sessions.recall(key("a"), NOW + after * SECOND)[0].map(|m| m.warm_tokens);
    assert_eq!(warm(300), Some(1_000));
    assert_eq!(warm(450), Some(500));
    assert_eq!(warm(599), Some(3));
    let five = cache_of("amazon-bedrock", "anthropic/claude-haiku-4.5", false);
    assert_eq!(
        (five.lifetime.left(9, 300), five.lifetime.left(9, 301)),
        (9, 0)
    );
    assert_eq!((five.automatic, five.tokens_min), (false, 4_096));
    let openai = cache_of("openai", "openai/gpt-4o", false);
    assert_eq!((openai.automatic, openai.tokens_min), (true, 1_024));
}

#[test]
fn a_mark_for_an_hour_is_found_wherever_it_stands() {
    let mut marked = request(&[(Role::User, "Hello")]);
    assert!(!is_long(&marked));
    let hour = Some(CacheMark {
        ttl: Some(CacheTtl::OneHour),
    });
    marked.messages[0].parts.push(Part::Text(TextPart {
        cache: hour,
        ..TextPart::default()
    }));
    assert!(is_long(&marked));
    let whole = Request {
        cache: hour,
        ..request(&[])
    };
    assert!(is_long(&whole));
}

#[test]
fn more_conversations_than_there_are_places_take_no_more_than_the_table() {
    const COMING: u32 = 200_000;
    assert_eq!(SLOTS, 65_536);
    const { assert!(BYTES_MAX <= 5 << 20) };
    let one = of(&request(&[(Role::User, "Hello")]));
    let key = |number: u32| one.with(&number.to_string());
    let sessions = Sessions::default();
    let mut found = 0;
    let made = allocation_counter::measure(|| {
        for number in 0..COMING {
            let now = NOW + i64::from(number) * 500;
            sessions.answered(key(number), &turn(1), now);
            if number >= 10_000 {
                found += u32::from(home(&sessions, key(number - 10_000), now).is_some());
            }
        }
    });
    let most = i64::try_from(BYTES_MAX + (64 << 10)).unwrap();
    assert!((1..=most).contains(&made.bytes_current), "{made:?}");
    // Who spoke ten thousand conversations ago is nearly always still there: it is the oldest of eight who goes.
    assert!(found > (COMING - 10_000) / 1_000 * 999, "{found}");
}

/// An answer to 5,000 tokens of prompt.
fn usage(cached_tokens: u64, cache_write_tokens: u64) -> Usage {
    Usage {
        prompt_tokens: 5_000,
        completion_tokens: 70,
        cached_tokens,
        cache_write_tokens,
        ..Usage::default()
    }
}

/// What is made of an answer of the endpoint 3: whether the conversation begins to stay, and what is warm.
fn heard(
    evidence: Evidence,
    usage: &Usage,
    cache: Cache,
    named: bool,
    home: Option<Memory>,
) -> (bool, u64) {
    let turn = evidence.turn(&Answer {
        endpoint: 3,
        usage,
        cache,
        named,
        known: [home, None],
    });
    (turn.begins, turn.warm_tokens)
}

#[test]
fn a_cache_that_was_read_or_written_is_reason_to_stay_and_a_name_is() {
    let automatic = cache_of("openai", "openai/gpt-4o", false);
    let marked = cache_of("anthropic", "anthropic/claude-sonnet-4.5", false);
    let (observed, expected) = (Evidence::Observed, Evidence::Expected);
    for (evidence, used, cache, named, turn) in [
        (observed, usage(0, 0), automatic, false, (false, 5_000)),
        (observed, usage(0, 0), automatic, true, (true, 5_000)),
        (observed, usage(0, 0), marked, true, (true, 0)),
        (observed, usage(4_000, 0), automatic, false, (true, 5_000)),
        (observed, usage(4_000, 0), marked, false, (true, 4_000)),
        (observed, usage(4_000, 900), marked, false, (true, 4_900)),
        (expected, usage(0, 0), automatic, false, (true, 5_000)),
        (expected, usage(0, 0), marked, false, (false, 0)),
        (
            Evidence::Off,
            usage(4_000, 0),
            automatic,
            true,
            (false, 5_000),
        ),
    ] {
        let name = format!("{evidence:?} {used:?} {cache:?} {named}");
        assert_eq!(heard(evidence, &used, cache, named, None), turn, "{name}");
    }
    let short = Usage {
        prompt_tokens: 1_023,
        ..Usage::default()
    };
    assert_eq!(heard(expected, &short, automatic, false, None), (false, 0));
}

#[test]
fn what_was_to_be_warm_and_was_not_is_not_expected_a_second_time() {
    let automatic = cache_of("openai", "openai/gpt-4o", false);
    let expected = Evidence::Expected;
    let home = Memory {
        endpoint: 3,
        is_home: true,
        warm_tokens: 4_000,
        prompt_tokens: 4_000,
        completion_tokens: 70,
    };
    let turn = |used: Usage, named, home| heard(expected, &used, automatic, named, Some(home));
    assert_eq!(turn(usage(0, 0), false, home), (false, 0));
    // Nor of who stands in for the home, before it was seen.
    let elsewhere = Memory {
        endpoint: 1,
        ..home
    };
    assert_eq!(turn(usage(0, 0), true, elsewhere), (true, 0));
    assert_eq!(turn(usage(4_000, 0), true, elsewhere), (true, 5_000));
}
