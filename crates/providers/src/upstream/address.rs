//! Where a provider is: parsed once, so that a call only puts a path behind it.

use std::{borrow::Cow, net::IpAddr};

use dialects::{Call, Form};
use http::{
    Uri,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};

/// Whether nobody outside can listen in on the way there: TLS, this machine, or a network that is not the internet.
pub(crate) fn is_safe(uri: &Uri) -> bool {
    match (uri.scheme(), uri.host()) {
        (Some(scheme), Some(host)) if !host.is_empty() => {
            *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP && is_private_host(host)
        }
        _ => false,
    }
}

/// A base address.
#[derive(Debug)]
pub(super) struct Address {
    text: String,
    scheme: Scheme,
    authority: Authority,
    /// Path of the base address, without a slash at its end.
    path: String,
    /// Ready addresses for whole and for streamed answers, where the model is not part of the path.
    fixed: Option<[Uri; 2]>,
}

impl Address {
    pub(super) fn parse(
        base_url: &str,
        call: &dyn Call,
        form: &Form,
    ) -> Result<Self, &'static str> {
        if base_url.contains(['?', '#']) {
            return Err("must not have a query or a fragment");
        }
        let text = base_url.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| "is not an address")?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err("must begin with https:// or http://");
        };
        if scheme != Scheme::HTTPS && scheme != Scheme::HTTP {
            return Err("must begin with https:// or http://");
        }
        if authority.as_str().contains('@') {
            return Err("must not carry a name or a password; use api_key");
        }
        if authority.host().is_empty() {
            return Err("has no host");
        }
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
        let path = path.trim_end_matches('/').to_owned();
        let mut address = Self {
            text: text.to_owned(),
            scheme,
            authority,
            path,
            fixed: None,
        };
        address.fixed = address.fix(call, form);
        Ok(address)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn host(&self) -> &str {
        self.authority.host()
    }

    /// Whether nobody outside can listen in: TLS, this machine, or a network that is not the
    /// internet.
    pub(super) fn is_private(&self) -> bool {
        self.scheme == Scheme::HTTPS || is_private_host(self.authority.host())
    }

    pub(super) fn uri(
        &self,
        call: &dyn Call,
        form: &Form,
        (upstream_model, stream): (&str, bool),
    ) -> Option<Uri> {
        match &self.fixed {
            Some([whole, streamed]) => Some(if stream { streamed } else { whole }.clone()),
            None => self.join(&call.path(upstream_model, form, stream)),
        }
    }

    /// Where counts of this model's tokens are asked for, where the dialect has words for it.
    pub(super) fn count_uri(
        &self,
        call: &dyn Call,
        form: &Form,
        upstream_model: &str,
    ) -> Option<Uri> {
        self.join(&call.counting()?.count_path(upstream_model, form))
    }

    fn fix(&self, call: &dyn Call, form: &Form) -> Option<[Uri; 2]> {
        // A path that is borrowed cannot have the model in it.
        let fixed = |stream| match call.path("", form, stream) {
            Cow::Borrowed(path) => self.join(path),
            Cow::Owned(_) => None,
        };
        Some([fixed(false)?, fixed(true)?])
    }

    fn join(&self, path: &str) -> Option<Uri> {
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        let path = if self.path.is_empty() {
            path.parse()
        } else {
            format!("{}{path}", self.path).parse()
        };
        parts.path_and_query = path.ok();
        Uri::from_parts(parts).ok()
    }
}

fn is_private_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        // A name without a dot, or below a name that the internet does not have.
        Err(_) => {
            let name = bare.trim_end_matches('.').to_ascii_lowercase();
            let last = name.rsplit('.').next().unwrap_or_default();
            !name.contains('.')
                || ["localhost", "local", "internal", "lan", "svc", "arpa"].contains(&last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_private_host;

    #[test]
    fn private_hosts_are_told_from_public_ones() {
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "[::1]",
            "[fd00::1]",
            "ollama",
            "gpu.local",
            "a.svc",
        ] {
            assert!(is_private_host(host), "{host}");
        }
        for host in [
            "api.openai.com",
            "8.8.8.8",
            "[2606:4700::1]",
            "localhost.evil.com",
        ] {
            assert!(!is_private_host(host), "{host}");
        }
    }
}
