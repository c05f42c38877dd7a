//! The two files of AWS's own tools: `[name]` of the credentials and `[profile name]` of the configuration, and
//! `name = value` below. What both say of a profile is one profile; the credentials file goes first.
//!
//! Facts: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html> (read 2026-11-22).

use canon::Secret;

use super::Keys;

/// The sections of both files.
pub(super) struct Profiles<'a> {
    /// Of the credentials, then of the configuration.
    profiles: Vec<(&'a str, Values<'a>)>,
    sessions: Vec<(&'a str, Values<'a>)>,
}

/// One profile.
pub(super) struct Profile<'a>(Values<'a>);

type Values<'a> = Vec<(&'a str, &'a str)>;

impl<'a> Profiles<'a> {
    /// Reads both; either may be empty. Lines that are neither are comments, or of nobody's concern.
    pub(super) fn parse(credentials: &'a str, config: &'a str) -> Self {
        let mut found = Self {
            profiles: sections(credentials),
            sessions: Vec::new(),
        };
        for (name, values) in sections(config) {
            match name.split_once(char::is_whitespace) {
                Some(("profile", name)) => found.profiles.push((name.trim(), values)),
                Some(("sso-session", name)) => found.sessions.push((name.trim(), values)),
                None if name == "default" => found.profiles.push((name, values)),
                _ => {}
            }
        }
        found
    }

    /// The profile of this name.
    pub(super) fn find(&self, name: &str) -> Option<Profile<'a>> {
        find(&self.profiles, name)
    }

    /// The sign-on of this name.
    pub(super) fn session(&self, name: &str) -> Option<Profile<'a>> {
        find(&self.sessions, name)
    }
}

impl<'a> Profile<'a> {
    /// What it says under this name, the first time.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let mut values = self.0.iter();
        let (_, value) = values.find(|(known, _)| *known == name)?;
        Some(*value)
    }

    /// Its own access key.
    pub(super) fn keys(&self) -> Option<Keys> {
        Some(Keys::new(
            self.get("aws_access_key_id")?,
            self.get("aws_secret_access_key")?,
            self.get("aws_session_token"),
        ))
    }
}

impl Keys {
    /// Keys out of what somebody says.
    pub(super) fn new(id: &str, secret: &str, session: Option<&str>) -> Self {
        let text = |text: &str| Secret::new(text.to_owned());
        Self {
            id: id.to_owned(),
            secret: text(secret),
            session: session.map(text),
        }
    }
}

fn find<'a>(sections: &[(&'a str, Values<'a>)], name: &str) -> Option<Profile<'a>> {
    let mut own = sections
        .iter()
        .filter(|(known, _)| *known == name)
        .peekable();
    own.peek()?;
    let values = own.flat_map(|(_, values)| values.iter().copied());
    Some(Profile(values.collect()))
}

/// The sections of one file, in its order.
fn sections(text: &str) -> Vec<(&str, Values<'_>)> {
    let mut sections: Vec<(&str, Values<'_>)> = Vec::new();
    for line in text.lines() {
        // What is indented belongs to the line before it, and nothing of that is ours.
        if line.starts_with(char::is_whitespace) || line.starts_with(['#', ';']) {
            continue;
        }
        let line = line.trim_end();
        if let Some(inner) = line.strip_prefix('[') {
            let name = inner.split(']').next().unwrap_or_default();
            sections.push((name.trim(), Vec::new()));
        } else if let (Some((name, value)), Some((_, values))) =
            (line.split_once('='), sections.last_mut())
        {
            let value = value.split(" #").next().unwrap_or_default().trim();
            if !value.is_empty() {
                values.push((name.trim(), value));
            }
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "\
# keys of the team
[default]
aws_access_key_id = AKIAONE
aws_secret_access_key=one/+=
region = us-east-1

[ci]
aws_access_key_id=AKIATWO
aws_secret_access_key = two # of the robot
aws_session_token = session
";
    const CONFIG: &str = "\
[default]
region = eu-west-1
[profile ci]
region = eu-west-2
s3 =
  max_concurrent_requests = 20
[profile deploy]
role_arn = arn:aws:iam::1:role/x
source_profile = ci
[sso-session team]
sso_region = eu-north-1
[ci]
role_arn = not a profile of this file
";

    #[test]
    fn a_profile_is_what_both_files_say_of_it_and_the_credentials_go_first() {
        let profiles = Profiles::parse(CREDENTIALS, CONFIG);
        let one = profiles.find("default").unwrap();
        let keys = one.keys().unwrap();
        assert_eq!(
            (keys.id.as_str(), keys.secret.expose().as_str()),
            ("AKIAONE", "one/+=")
        );
        assert!(keys.session.is_none());
        assert_eq!(one.get("region"), Some("us-east-1"));
        let two = profiles.find("ci").unwrap();
        let keys = two.keys().unwrap();
        assert_eq!(keys.secret.expose(), "two");
        assert_eq!(keys.session.unwrap().expose(), "session");
        assert_eq!(
            (two.get("region"), two.get("role_arn")),
            (Some("eu-west-2"), None)
        );
        assert_eq!(two.get("max_concurrent_requests"), None);
        let role = profiles.find("deploy").unwrap();
        assert!(role.keys().is_none() && role.get("source_profile") == Some("ci"));
        let session = profiles.session("team").unwrap();
        assert_eq!(session.get("sso_region"), Some("eu-north-1"));
        assert!(profiles.find("staging").is_none() && profiles.find("team").is_none());
    }
}
