//! Which of all that was given is meant: what is said outright before what lies about, in the order of AWS's own tools.
//!
//! Facts: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>,
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html> (read 2026-11-22).

use http::Uri;

use super::{
    Keys, Machine,
    container::Container,
    keys::Origin,
    profile::{Profile, Profiles},
    sso::Session,
    sts::{Proof, Role},
};
use crate::{
    Settings,
    auth::{Missing, grant::safe},
};

/// Profiles that name profiles that name profiles: more is a slip.
const DEPTH_MAX: u8 = 5;
const CONFIG: &str = "config_file";

/// What was given, and the region in which it is used.
struct Given<'a> {
    settings: &'a Settings,
    region: &'a str,
}

/// Where the keys come from: the access key that was given, a web identity, a profile, a container, the machine. A role
/// without a web identity is taken on by whatever of the others there is.
pub(super) fn origin(settings: &Settings, region: &str) -> Result<Origin, Missing> {
    let given = Given { settings, region };
    let arn = settings.get("role_arn");
    if let (Some(path), Some(arn)) = (settings.get("web_identity_token_file"), arn)
        && settings.get("access_key_id").is_none()
    {
        return given.role(arn, Proof::Web(path.into()));
    }
    let own = given.own()?;
    match arn {
        Some(arn) => given.role(arn, Proof::Keys(own)),
        None => Ok(own),
    }
}

impl Given<'_> {
    /// Keys of one's own: no role by another house's token.
    fn own(&self) -> Result<Origin, Missing> {
        if let Some(keys) = self.keys()? {
            return Ok(Origin::Fixed(keys));
        }
        let name = self.settings.get("profile").unwrap_or("default");
        let file = |name| self.settings.get(name).unwrap_or_default();
        let profiles = Profiles::parse(file("credentials_file"), file(CONFIG));
        match profiles.find(name) {
            Some(_) => {
                if let Some(origin) = self.of_profile(&profiles, name, DEPTH_MAX)? {
                    return Ok(origin);
                }
            }
            // The usual one may be absent; one that was named may not.
            None if name != "default" => {
                return Err(unusable("profile", "there is no such profile"));
            }
            None => {}
        }
        if let Some(container) = Container::of(self.settings)? {
            return Ok(Origin::Container(container));
        }
        self.machine()
    }

    /// The access key that was given outright.
    fn keys(&self) -> Result<Option<Keys>, Missing> {
        let id = self.settings.get("access_key_id");
        match (id, self.settings.secret("secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Some(Keys {
                id: id.to_owned(),
                secret,
                session: self.settings.secret("session_token"),
            })),
            (Some(_), None) => Err(Missing::Setting("secret_access_key")),
            (None, Some(_)) => Err(Missing::Setting("access_key_id")),
            (None, None) => Ok(None),
        }
    }

    fn machine(&self) -> Result<Origin, Missing> {
        let disabled = self.settings.get("metadata_disabled");
        if disabled.is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Err(Missing::Everything);
        }
        let setting = "metadata_url";
        let url = self.settings.get(setting);
        let machine = Machine::at(url.ok_or(Missing::Setting(setting))?);
        let machine = machine.map_err(|why| unusable(setting, why))?;
        Ok(Origin::Machine(machine))
    }

    fn role(&self, arn: &str, proof: Proof) -> Result<Origin, Missing> {
        let session = self.settings.get("role_session_name").unwrap_or("weir");
        Ok(Origin::Role(Box::new(Role {
            url: self.sts(self.region)?,
            region: self.region.to_owned(),
            arn: arn.to_owned(),
            session: session.to_owned(),
            external_id: self.settings.get("external_id").map(str::to_owned),
            life_s: None,
            proof,
        })))
    }

    /// The address of STS in a region.
    fn sts(&self, region: &str) -> Result<Uri, Missing> {
        let region = plain(region)?;
        let end = if region.starts_with("cn-") { ".cn" } else { "" };
        let usual = format!("https://sts.{region}.amazonaws.com{end}/");
        let url = self.settings.get("sts_url").unwrap_or(&usual);
        safe(url).map_err(|why| unusable("sts_url", why))
    }

    /// What a profile stands for; `None` where it says nothing of keys.
    fn of_profile(
        &self,
        profiles: &Profiles<'_>,
        name: &str,
        depth: u8,
    ) -> Result<Option<Origin>, Missing> {
        let Some(profile) = profiles.find(name) else {
            return Err(unusable(
                CONFIG,
                "a profile names another one that is not there",
            ));
        };
        let Some(next) = depth.checked_sub(1) else {
            return Err(unusable(
                CONFIG,
                "too many profiles stand one upon the other",
            ));
        };
        if let Some(arn) = profile.get("role_arn") {
            let proof = self.proof(profiles, (name, &profile), next)?;
            return self.role_of(&profile, arn, proof).map(Some);
        }
        if let Some(session) = self.session(profiles, &profile)? {
            return Ok(Some(Origin::Session(session)));
        }
        if let Some(keys) = profile.keys() {
            return Ok(Some(Origin::Fixed(keys)));
        }
        if profile.get("credential_process").is_some() {
            let why = "credential_process is not run: give the keys by their variables";
            return Err(unusable(CONFIG, why));
        }
        Ok(None)
    }

    fn role_of(&self, profile: &Profile<'_>, arn: &str, proof: Proof) -> Result<Origin, Missing> {
        let region = profile.get("region").unwrap_or(self.region);
        let session = profile.get("role_session_name").unwrap_or("weir");
        let life = profile.get("duration_seconds");
        Ok(Origin::Role(Box::new(Role {
            url: self.sts(region)?,
            region: region.to_owned(),
            arn: arn.to_owned(),
            session: session.to_owned(),
            external_id: profile.get("external_id").map(str::to_owned),
            life_s: life.and_then(|seconds| seconds.parse().ok()),
            proof,
        })))
    }

    /// By what a profile's role is taken on.
    fn proof(
        &self,
        profiles: &Profiles<'_>,
        (name, profile): (&str, &Profile<'_>),
        depth: u8,
    ) -> Result<Proof, Missing> {
        if let Some(path) = profile.get("web_identity_token_file") {
            return Ok(Proof::Web(path.into()));
        }
        let origin = match (
            profile.get("source_profile"),
            profile.get("credential_source"),
        ) {
            // A profile that is its own source has keys beside its role.
            (Some(source), _) if source == name => profile.keys().map(Origin::Fixed),
            (Some(source), _) => self.of_profile(profiles, source, depth)?,
            (None, Some("Environment")) => self.keys()?.map(Origin::Fixed),
            (None, Some("EcsContainer")) => Container::of(self.settings)?.map(Origin::Container),
            (None, Some("Ec2InstanceMetadata")) => Some(self.machine()?),
            (None, _) => {
                let why = "a role needs a source_profile, a credential_source or a web_identity_token_file";
                return Err(unusable(CONFIG, why));
            }
        };
        let why = "the source of a role has no keys";
        origin.map(Proof::Keys).ok_or_else(|| unusable(CONFIG, why))
    }

    /// A profile's sign-on: of a session that several share, or of its own.
    fn session(
        &self,
        profiles: &Profiles<'_>,
        profile: &Profile<'_>,
    ) -> Result<Option<Session>, Missing> {
        let (Some(account), Some(role)) =
            (profile.get("sso_account_id"), profile.get("sso_role_name"))
        else {
            return Ok(None);
        };
        let (name, region) = match profile.get("sso_session") {
            Some(name) => {
                let shared = profiles.session(name);
                let shared =
                    shared.ok_or_else(|| unusable(CONFIG, "there is no such sso-session"))?;
                (Some(name), shared.get("sso_region"))
            }
            None => (profile.get("sso_start_url"), profile.get("sso_region")),
        };
        let (Some(name), Some(region)) = (name, region) else {
            let why = "a sign-on needs sso_region, and sso_session or sso_start_url";
            return Err(unusable(CONFIG, why));
        };
        let folder = self.settings.get("sso_cache");
        let folder = folder.ok_or(Missing::Setting("sso_cache"))?;
        let region = plain(region)?;
        let usual = format!("https://portal.sso.{region}.amazonaws.com");
        let base = self.settings.get("sso_url").unwrap_or(&usual);
        let session = Session::new(base, (folder, name), (account, role));
        session.map(Some).map_err(|why| unusable("sso_url", why))
    }
}

/// A region that stands in an address: with other letters the address could be anybody's, and be shown a token.
fn plain(region: &str) -> Result<&str, Missing> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if region.is_empty() || !region.bytes().all(is_plain) {
        return Err(unusable(
            CONFIG,
            "a region is only letters, digits and hyphens",
        ));
    }
    Ok(region)
}

fn unusable(setting: &'static str, why: &'static str) -> Missing {
    Missing::Unusable { setting, why }
}

#[cfg(test)]
mod tests {
    use canon::Secret;

    use super::*;

    #[test]
    fn a_region_leads_to_nobody_elses_address() {
        let sso =
            "sso_account_id = 1\nsso_role_name = r\nsso_start_url = https://x.example\nsso_region";
        let role = "role_arn = arn:aws:iam::1:role/x\nweb_identity_token_file = /t\nregion";
        for (says, is_sound) in [
            (format!("{role} = eu-west-1"), true),
            (format!("{role} = evil.example/#"), false),
            (format!("{role} = x@evil.example:1/"), false),
            (format!("{sso} = eu-west-1"), true),
            (format!("{sso} = evil.example/?"), false),
        ] {
            let mut settings = Settings::default();
            let config = format!("[profile team]\n{says}\n");
            for (name, value) in [
                ("profile", "team"),
                (CONFIG, config.as_str()),
                ("sso_cache", "/c"),
            ] {
                settings.set(name, Secret::new(value.to_owned()));
            }
            let found = origin(&settings, "eu-central-1");
            assert_eq!(found.is_ok(), is_sound, "{says}: {found:?}");
        }
    }
}
