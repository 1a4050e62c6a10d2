//! Identity providers that many tenants share, so that a stranger can have a token of them.

use super::Data;

pub(super) const DATA: Data = Data(include_str!("oidc.txt"));

/// Where the tokens of a shared provider name their tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenant {
    /// The subject begins with a fixed text, the tenant, and a character that ends the tenant.
    Prefix {
        /// The text before the tenant.
        before: &'static str,
        /// The text after it.
        end: char,
    },
    /// The subject names it in an unknown place: only a whole subject certainly names a tenant.
    Subject,
    /// Another claim names it, and the subject does not.
    Claim(&'static str),
}

/// Where the tokens of a provider name the tenant, by the provider's address without `https://`;
/// `None` for one that is not known to be shared.
#[must_use]
pub fn tenant(provider: &str) -> Option<Tenant> {
    let mut words = DATA
        .lines()
        .map(|line| line.split(' '))
        .find_map(|mut words| {
            let address = words.next()?;
            // One that differs in the case of its letters only is treated with the same care.
            address.eq_ignore_ascii_case(provider).then_some(words)
        })?;
    let claim = words.next()?;
    if claim != "sub" {
        return Some(Tenant::Claim(claim));
    }
    let form = words.next().and_then(|form| form.split_once("OWNER"));
    let prefix = form.and_then(|(before, end)| {
        Some(Tenant::Prefix {
            before,
            end: end.chars().next()?,
        })
    });
    Some(prefix.unwrap_or(Tenant::Subject))
}

/// Whether a provider belongs to one cluster of EKS, whose tokens nobody else can make (EKS User
/// Guide, "Create an IAM OIDC provider for your cluster").
#[must_use]
pub fn is_of_one_cluster(provider: &str) -> bool {
    let address = provider
        .strip_prefix("oidc.eks.")
        .and_then(|rest| rest.split_once(".amazonaws.com"));
    address.is_some_and(|(region, rest)| {
        let id = rest
            .strip_prefix(".cn")
            .unwrap_or(rest)
            .strip_prefix("/id/")
            .unwrap_or_default();
        !region.contains('.')
            && !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// GitHub's provider for workflows.
pub const GITHUB: &str = "token.actions.githubusercontent.com";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_read() {
        let known = DATA
            .lines()
            .filter_map(|line| tenant(line.split(' ').next()?));
        assert_eq!(known.count(), DATA.lines().count());
        assert_eq!(
            tenant(GITHUB),
            Some(Tenant::Prefix {
                before: "repo:",
                end: '/'
            })
        );
        assert_eq!(tenant("oidc.vercel.com"), Some(Tenant::Claim("aud")));
        assert_eq!(tenant("oidc.vercel.com/acme"), None);
        assert_eq!(tenant("tokens.cloud.shisho.dev"), Some(Tenant::Subject));
    }

    #[test]
    fn a_cluster_is_known_by_its_whole_address() {
        assert!(is_of_one_cluster(
            "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
        ));
        assert!(is_of_one_cluster(
            "oidc.eks.cn-north-1.amazonaws.com.cn/id/AB12"
        ));
        for other in [
            "oidc.eks.eu-west-1.amazonaws.com/id/",
            "oidc.eks.eu-west-1.amazonaws.com.example.org/id/AB12",
            "oidc.eks.a.b.amazonaws.com/id/AB12",
            "oidc.eks.eu-west-1.amazonaws.com/id/AB12/x",
        ] {
            assert!(!is_of_one_cluster(other), "{other}");
        }
    }
}
