//! The credentials file of AWS's own tools: `[profile]` and `name = value` below it.

use canon::Secret;

use super::{Keys, Missing};

const FILE: &str = "credentials_file";

/// The access key of a profile.
pub(super) fn find(file: &str, profile: &str) -> Result<Keys, Missing> {
    let unusable = |why| Missing::Unusable { setting: FILE, why };
    let mut found = false;
    let mut inside = false;
    let (mut id, mut secret, mut session) = (None, None, None);
    for line in file.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            inside = name.trim() == profile;
            found |= inside;
            continue;
        }
        let Some((name, value)) = line.split_once('=').filter(|_| inside) else {
            continue;
        };
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match name.trim() {
            "aws_access_key_id" => id = value,
            "aws_secret_access_key" => secret = value,
            "aws_session_token" => session = value,
            _ => {}
        }
    }
    if !found {
        return Err(unusable("it has no such profile"));
    }
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Keys {
            id,
            secret: Secret::new(secret),
            session: session.map(Secret::new),
        }),
        _ => Err(unusable(
            "the profile has no aws_access_key_id and aws_secret_access_key (roles and single sign-on are not read)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# keys of the team
[default]
aws_access_key_id = AKIAONE
aws_secret_access_key=one/+=
region = us-east-1

[ci]
aws_access_key_id=AKIATWO
aws_secret_access_key = two
aws_session_token = session
[role]
role_arn = arn:aws:iam::1:role/x
";

    #[test]
    fn the_keys_of_the_profile_that_was_asked_for_are_read_and_no_others() {
        let one = find(TEXT, "default").unwrap();
        assert_eq!(
            (one.id.as_str(), one.secret.expose().as_str()),
            ("AKIAONE", "one/+=")
        );
        assert!(one.session.is_none());
        let two = find(TEXT, "ci").unwrap();
        assert_eq!(two.session.unwrap().expose(), "session");
        for (profile, why) in [("staging", "no such profile"), ("role", "roles")] {
            let error = find(TEXT, profile).unwrap_err().to_string();
            assert!(
                error.starts_with("credentials_file: ") && error.contains(why),
                "{error}"
            );
        }
    }
}
